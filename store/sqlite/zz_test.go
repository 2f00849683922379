package sqlite_test

import (
	"florin/store/sqlite"
	"os"
	"testing"
)

func TestSteps(t *testing.T) {
	dir, _ := os.MkdirTemp("/work/bench-tmp", "steps")
	defer os.RemoveAll(dir)
	s := open(t, sqlite.Config{Dir: dir, Shards: 1})
	w := newWorkload(s, 10000)
	for range 150 {
		if err := w.group(t.Context(), 0, 256); err != nil {
			t.Fatal(err)
		}
	}
	sqlite.PrintSteps(256)
}
