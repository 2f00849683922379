package sqlite_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"florin/ident"
	"florin/store"
	"florin/store/sqlite"
)

// TestMove: a store that is being moved, or was, is written by nobody else, and
// can be read.
func TestMove(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := sqlite.OpenToMove(t.Context(), sqlite.Config{Dir: dir}); !errors.Is(err, sqlite.ErrNoStore) {
		t.Errorf("nothing is moved: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("it made %v: %v", files, err)
	}
	server, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.OpenToMove(t.Context(), sqlite.Config{Dir: dir}); !errors.Is(err, sqlite.ErrLocked) {
		t.Errorf("it is moved under its server: %v", err)
	}
	for _, name := range []string{"second", "first"} {
		if _, err := server.ClaimKeyset(t.Context(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	id := ident.FromHalves(1<<59|1, 7)
	for _, m := range []store.Move{{Copy: id, Target: "there"}, {Copy: id, Target: "there", Done: true}, {}} {
		setMove(t, dir, m)
		for _, access := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Access: access})
			if err == nil {
				err = s.Close()
			}
			refused := m != store.Move{} && access != sqlite.ReadOnly
			if errors.Is(err, sqlite.ErrMoved) != refused || !refused && err != nil ||
				refused && !strings.Contains(err.Error(), "there") {
				t.Errorf("%+v, access %d: %v", m, access, err)
			}
		}
	}
}

// setMove says where a store is moved to, and reads it again.
func setMove(t *testing.T, dir string, m store.Move) {
	t.Helper()
	s, err := sqlite.OpenToMove(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetMove(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Move(t.Context()); err != nil || got != m {
		t.Errorf("%+v is read as %+v: %v", m, got, err)
	}
	list, err := s.Keysets(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "first" || string(list[1].Sealed) != "second" {
		t.Errorf("the keysets are %+v: %v", list, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
