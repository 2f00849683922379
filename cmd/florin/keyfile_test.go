package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"florin/access"
)

// TestRacingKeyFilesAgree: of processes that share a data directory one makes
// the file, and all go on with its key.
func TestRacingKeyFilesAgree(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := t.TempDir()
		path := filepath.Join(dir, keyFile)
		secrets, made := make([]string, 8), make([]bool, 8)
		var running sync.WaitGroup
		for i := range secrets {
			running.Go(func() {
				var err error
				if secrets[i], made[i], err = keepKeyFile(path, access.Test); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		makers := 0
		for i, secret := range secrets {
			if made[i] {
				makers++
			}
			if secret != secrets[0] || access.CheckSecret(access.Test, secret) != nil {
				t.Errorf("the keys are %q", secrets)
			}
		}
		files, err := os.ReadDir(dir)
		if err != nil || makers != 1 || len(files) != 1 {
			t.Errorf("%d made it, the folder has %v, %v", makers, files, err)
		}
	}
}

func TestAKeyFileOfAnotherModeIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), keyFile)
	if _, made, err := keepKeyFile(path, access.Live); !made || err != nil {
		t.Fatalf("made %v, %v", made, err)
	}
	secret, made, err := keepKeyFile(path, access.Test)
	if err != nil || !made || access.CheckSecret(access.Test, secret) != nil {
		t.Errorf("made %v, %v", made, err)
	}
	if kept, err := readKeyFile(path); err != nil || kept != secret {
		t.Errorf("the file holds another key: %v", err)
	}
}

// TestTheFirstKeyIsMadeOnce: a process whose data directory has another key than
// the store's takes it away.
func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	path := filepath.Join(t.TempDir(), keyFile)
	for _, made := range []bool{false, true} {
		if err := writeKeyFile(path, newSecret(access.Test), os.Rename); err != nil {
			t.Fatal(err)
		}
		if err := r.node.giveUpKey(t.Context(), path, "sk_test_another", made); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); (err != nil) != made {
			t.Errorf("made here is %v: %v", made, err)
		}
	}
	own := filepath.Join(r.dir, keyFile)
	if err := r.node.giveUpKey(t.Context(), own, r.key(), true); err != nil {
		t.Fatal(err)
	}
	r.pay(r.key())
}
