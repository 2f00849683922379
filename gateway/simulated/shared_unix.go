//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package simulated

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// mapWords returns the words that stand at the beginning of the file, made zero
// if it is too short, in memory that every process with that file shares.
func mapWords(f *os.File) (w *words, unmap func() error, err error) {
	const size = int(unsafe.Sizeof(words{}))
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() < int64(size) {
		if err := f.Truncate(int64(size)); err != nil {
			return nil, nil, err
		}
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "map", Path: f.Name(), Err: err}
	}
	w = (*words)(unsafe.Pointer(&memory[0])) //nolint:gosec // the only way to shared memory; a page is aligned
	return w, func() error { return syscall.Munmap(memory) }, nil
}

// tryLock locks the file, exclusively or together with others that do, and tells
// whether it could. The system unlocks it when it is closed or its process ends.
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
