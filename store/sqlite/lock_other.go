//go:build !unix

package sqlite

import (
	"fmt"
	"os"
	"runtime"
)

// lockDir refuses: without a lock two processes could write one store.
func lockDir(dir string) (*os.File, error) {
	return nil, fmt.Errorf("store/sqlite: %s: there is no file lock on %s", dir, runtime.GOOS)
}
