package seal_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"

	"florin/vault/seal"
)

func TestKeyFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "kek")
	first, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := readFile(t, path)
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	second, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkKeys(t, first, second)
	if !bytes.Equal(text, readFile(t, path)) {
		t.Error("a second open changed the file")
	}
	checkAlone(t, path)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// checkKeys holds that what one key encrypts the other decrypts.
func checkKeys(t *testing.T, a, b seal.KeyEncryption) {
	t.Helper()
	ciphertext, err := a.Encrypt([]byte("x"), []byte("y"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Decrypt(ciphertext, []byte("y")); err != nil || string(got) != "x" {
		t.Errorf("the keys differ: %v", err)
	}
	if _, err := b.Decrypt(ciphertext, []byte("z")); err == nil {
		t.Error("other associated data decrypts")
	}
}

// checkAlone holds that no temporary file is left beside the key.
func checkAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
}

func TestRacingKeyFilesAgree(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), "new", "kek")
		keys, errs := make([]seal.KeyEncryption, 8), make([]error, 8)
		var start, done sync.WaitGroup
		start.Add(1)
		for i := range keys {
			done.Go(func() {
				start.Wait()
				keys[i], errs[i] = seal.OpenKeyFile(path)
			})
		}
		start.Done()
		done.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys[1:] {
			checkKeys(t, keys[0], key)
		}
		checkAlone(t, path)
	}
}

func TestKeyFileOpenToOthers(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o604, 0o640, 0o644, 0o660, 0o606, 0o601, 0o610, 0o777} {
		path := filepath.Join(t.TempDir(), "kek")
		if _, err := seal.OpenKeyFile(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		key, err := seal.OpenKeyFile(path)
		if key != nil || !errors.Is(err, seal.ErrKeyFileOpen) || !strings.Contains(err.Error(), path) {
			t.Errorf("mode %v: got %v and %v, want ErrKeyFileOpen", mode, key, err)
		}
	}
	path := filepath.Join(t.TempDir(), "kek")
	if _, err := seal.OpenKeyFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenKeyFile(path); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestBrokenKeyFile(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "kek")
	if _, err := seal.OpenKeyFile(good); err != nil {
		t.Fatal(err)
	}
	whole := readFile(t, good)
	for name, text := range map[string][]byte{
		"empty":         nil,
		"a line":        []byte("\n"),
		"cut":           whole[:len(whole)/2],
		"no keys":       []byte("{}"),
		"noise":         randomBytes(300),
		"another text":  []byte("sk_test_secret"),
		"a wrong kind":  prfKeyset(t),
		"a broken key":  bytes.Replace(whole, []byte(`"value":"`), []byte(`"value":"SECRETSECRET`), 1),
		"a broken type": bytes.Replace(whole, []byte("AesGcmKey"), []byte("SECRETKey"), 1),
		"very long":     append(bytes.Repeat([]byte(" "), 64<<10), whole...),
	} {
		path := filepath.Join(t.TempDir(), "kek")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := seal.OpenKeyFile(path)
		if key != nil || !errors.Is(err, seal.ErrKeyFileBroken) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v and %v, want ErrKeyFileBroken", name, key, err)
			continue
		}
		if strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
		if !bytes.Equal(readFile(t, path), text) {
			t.Errorf("%s: the file was overwritten", name)
		}
		checkAlone(t, path)
	}
}

func prfKeyset(t *testing.T) []byte {
	t.Helper()
	handle, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestKeyFileThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if key, err := seal.OpenKeyFile(dir); key != nil || !errors.Is(err, seal.ErrKeyFileBroken) {
		t.Errorf("a directory: got %v and %v", key, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := seal.OpenKeyFile(filepath.Join(file, "kek")); key != nil || err == nil {
		t.Errorf("below a file: got %v and %v", key, err)
	}
	missing := filepath.Join(dir, "missing")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(missing, link); err != nil {
		t.Fatal(err)
	}
	if key, err := seal.OpenKeyFile(link); key != nil || err == nil {
		t.Errorf("a link to nothing: got %v and %v", key, err)
	}
	good := filepath.Join(dir, "kek")
	first, err := seal.OpenKeyFile(good)
	if err = errors.Join(err, os.Remove(link), os.Symlink(good, link)); err != nil {
		t.Fatal(err)
	}
	second, err := seal.OpenKeyFile(link)
	if err != nil {
		t.Fatal(err)
	}
	checkKeys(t, first, second)
}

func TestKeyFileForAStoreThatHasKeysets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "kek")
	keysets := newShelf()
	kek, err := seal.OpenKeyFileFor(t.Context(), path, keysets) // a new store's is made
	if err != nil {
		t.Fatal(err)
	}
	open(t, kek, keysets)
	again, err := seal.OpenKeyFileFor(t.Context(), path, keysets)
	if err != nil {
		t.Fatal(err)
	}
	checkKeys(t, kek, again)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenKeyFileFor(t.Context(), path, keysets)
	if key != nil || !errors.Is(err, seal.ErrKeyFileMissing) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v and %v, want ErrKeyFileMissing", key, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}
