package bench

import (
	"errors"
	"os"
)

// TempDir makes a folder on a disk: in the system's place for temporary files,
// or, where that is memory, in the working directory.
func TempDir() (string, error) {
	for _, parent := range []string{os.TempDir(), "."} {
		if inMemory(parent) {
			continue
		}
		return os.MkdirTemp(parent, "florin-bench-*")
	}
	return "", errors.New("no folder on a disk: " + os.TempDir() +
		" and the working directory are in memory; name one with --data")
}
