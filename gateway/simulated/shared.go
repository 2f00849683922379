package simulated

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"
)

// words are what the processes of a folder share in memory, in NAME.lock.
type words struct {
	// holder is the number of the process that decides and appends now; 0: none.
	holder atomic.Uint64
	// starts is the last number that was given to a process.
	starts atomic.Uint64
	// journals counts the journals that are there and locked by their writers.
	journals atomic.Uint64
}

// shared is what the processes of a folder agree by.
//
// The mutex, holder, costs nothing while nobody else wants it; a lock of the file
// would cost as much as the journal's write. It is taken from a process that
// died with it, which shows in its journal being unlocked. The lock of the file
// itself is for what happens once a process: to make a journal, which is locked
// a moment later, and to ask which ones are unlocked.
type shared struct {
	*words
	file    *os.File
	unmap   func() error
	number  uint64          // this process's, from 1
	closing <-chan struct{} // ends waiting
}

func openShared(path string, closing <-chan struct{}) (*shared, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	w, unmap, err := mapWords(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &shared{words: w, file: file, unmap: unmap, closing: closing}, nil
}

func (s *shared) close() error { return errors.Join(s.unmap(), s.file.Close()) }

// lock takes the mutex. alive tells whether the process of a number still lives.
func (s *shared) lock(ctx context.Context, alive func(number uint64) (bool, error)) error {
	return s.poll(ctx, func(patient bool) (bool, error) {
		if s.holder.CompareAndSwap(0, s.number) {
			return true, nil
		}
		holder := s.holder.Load()
		if !patient || holder == 0 {
			return false, nil
		}
		if lives, err := alive(holder); lives || err != nil {
			return false, err
		}
		return s.holder.CompareAndSwap(holder, s.number), nil
	})
}

func (s *shared) unlock() { s.holder.CompareAndSwap(s.number, 0) }

// lockFile takes the lock of the file.
func (s *shared) lockFile(ctx context.Context) error {
	return s.poll(ctx, func(bool) (bool, error) { return tryLock(s.file, true) })
}

// poll tries until it succeeds; at first at once, since everything is held for
// microseconds only, and then, patiently, less and less often.
func (s *shared) poll(ctx context.Context, try func(patient bool) (bool, error)) error {
	const hasty = 50
	for n := 0; ; n++ {
		done, err := try(n > hasty)
		if done || err != nil {
			return err
		}
		if n < hasty {
			runtime.Gosched()
			continue
		}
		pause := time.NewTimer(min(time.Duration(n)*time.Microsecond, time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-s.closing:
			pause.Stop()
			return errClosed
		}
	}
}

// unlocked tells whether nobody has locked the file, or it is not there.
func unlocked(dir, name string) (bool, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return tryLock(f, false)
}
