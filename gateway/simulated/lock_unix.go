//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package simulated

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks the file for its process, exclusively or together with others
// that do, and tells whether it could. The system lets go when the process ends.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}

func unlock(f *os.File) {
	// An unlock that fails is one of a bad descriptor, whose lock is gone anyway.
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}
