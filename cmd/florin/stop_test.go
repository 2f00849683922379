package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"florin/internal/config"
)

// Only who asks again, and not a supervisor that signals process and group, ends
// a server before it is done.
func TestWhatQuitsAtOnce(t *testing.T) {
	t.Parallel()
	const term, interrupt = syscall.SIGTERM, syscall.SIGINT
	type sent struct {
		after  time.Duration
		signal os.Signal
	}
	for name, c := range map[string]struct {
		first os.Signal
		sent  []sent
		want  os.Signal
	}{
		"one":                          {first: term},
		"process and group":            {first: term, sent: []sent{{time.Millisecond, term}}},
		"three within a second":        {first: term, sent: []sent{{0, term}, {999 * time.Millisecond, term}}},
		"again after a second":         {term, []sent{{time.Second, term}}, term},
		"a duplicate, then again":      {term, []sent{{0, term}, {2 * time.Second, interrupt}}, interrupt},
		"a person's second":            {interrupt, []sent{{100 * time.Millisecond, interrupt}}, interrupt},
		"a person's first of two":      {term, []sent{{0, interrupt}, {100 * time.Millisecond, interrupt}}, interrupt},
		"both kinds":                   {first: interrupt, sent: []sent{{time.Millisecond, term}}},
		"without a signal at first":    {first: nil, sent: []sent{{time.Millisecond, term}}},
		"without a signal, then later": {nil, []sent{{time.Second, term}}, term},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals, ended := make(chan os.Signal, 2), make(chan struct{})
				got := make(chan os.Signal, 1)
				go func() { got <- stopper{signals, ended, c.first}.again() }()
				for _, s := range c.sent {
					time.Sleep(s.after)
					signals <- s.signal
					synctest.Wait()
				}
				if c.want == nil {
					close(ended)
				}
				if signal := <-got; signal != c.want {
					t.Errorf("got %v, want %v", signal, c.want)
				}
			})
		})
	}
}

// A store whose key file is gone must not get another one: its cards would look
// broken.
func TestServeWithoutItsKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir, false)
	r.stop()
	path := filepath.Join(dir, "vault-key")
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	got := florin(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	want := "the key file " + path + " is missing, and this store has cards already; restore it, " +
		"or name the directory that has it in --data\n"
	if got.code != 1 || !strings.HasSuffix(got.err, want) {
		t.Errorf("%+v, want %q", got, want)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("there is a new key file: %v", err)
	}
	if err := os.WriteFile(path, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load("", map[string]string{"data": dir})
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("with its key file again: %v", err)
	}
	if err := n.close(); err != nil {
		t.Error(err)
	}
}
