package simulated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// journal is this process's part in the journals of a gateway: it appends to a
// file of its own and follows the others'. It is not safe for concurrent use.
type journal struct {
	dir, name string
	closing   <-chan struct{} // ends waiting for the lock

	own   *os.File
	size  int64  // of own, up to the last whole line
	line  []byte // reused
	stuck error  // why nothing can be appended any more
	lock  *os.File
	held  bool

	starts  int64           // the lock's size when the folder was last read
	asked   int64           // the same when it was last asked who is gone
	others  []*tail         // of processes that may still write
	known   map[string]bool // files that need not be opened any more
	decoder *decoder
	lines   lineReader
}

const (
	journalSuffix = ".jsonl"
	lockSuffix    = ".lock"
)

// openJournal reads what the gateway's journals hold into b and begins one more.
func openJournal(cfg Config, b *book, closing <-chan struct{}) (_ *journal, err error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	j := &journal{
		dir: cfg.Dir, name: cfg.Name, closing: closing,
		known: map[string]bool{}, decoder: newDecoder(false),
	}
	defer func() {
		if err != nil {
			_ = j.close()
		}
	}()
	lock := filepath.Join(j.dir, j.name+lockSuffix)
	if j.lock, err = os.OpenFile(lock, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	// The long part comes first, since it must not keep other processes waiting.
	if err := j.readFolder(b); err != nil {
		return nil, err
	}
	if err := j.wait(context.Background()); err != nil {
		return nil, err
	}
	defer j.leave()
	if err := j.create(); err != nil {
		return nil, err
	}
	return j, j.catchUpAlone(b)
}

// create makes the process's own file, named by its number in the order of
// starts, and then counts the start: who sees the count finds the file.
func (j *journal) create() error {
	for {
		starts, err := j.lock.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s.%08d-%d%s", j.name, starts+1, os.Getpid(), journalSuffix)
		path := filepath.Join(j.dir, name)
		j.own, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		if err == nil {
			j.known[name] = true
			if _, err := tryLock(j.own, true); err != nil {
				return err
			}
		}
		if _, err := j.lock.Write([]byte{'+'}); err != nil || j.own != nil {
			return err
		}
	}
}

// enter begins an append: it reads what the others have written up to now, and
// keeps them from writing until leave.
//
// While there are no others it takes no lock, which would cost as much as the
// write. Two processes can then miss each other only if one opens the folder and
// is asked for the very operation that the other one has begun, and all of that
// between the other one's look and its write.
func (j *journal) enter(ctx context.Context, b *book) error {
	if j.stuck != nil {
		return j.stuck
	}
	if len(j.others) == 0 {
		if err := j.catchUp(b); err != nil || len(j.others) == 0 {
			return err
		}
	}
	if err := j.wait(ctx); err != nil {
		return err
	}
	if err := j.catchUpAlone(b); err != nil {
		j.leave()
		return err
	}
	return nil
}

func (j *journal) leave() {
	if j.held {
		unlock(j.lock)
		j.held = false
	}
}

// wait takes the lock. Who holds it lets go within microseconds, unless it was
// stopped; so it is asked again and again, less and less often.
func (j *journal) wait(ctx context.Context) error {
	for try := 0; ; try++ {
		var err error
		if j.held, err = tryLock(j.lock, true); j.held || err != nil {
			return err
		}
		if try < 20 {
			runtime.Gosched()
			continue
		}
		pause := time.NewTimer(min(time.Duration(try)*time.Microsecond, time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-j.closing:
			pause.Stop()
			return errClosed
		}
	}
}

// append writes the entry's line. After an error nothing has been written, or
// part of a line behind which nothing will ever be.
func (j *journal) append(e *Entry) error {
	j.line = appendLine(j.line[:0], e)
	if _, err := j.own.Write(j.line); err != nil {
		if back := j.own.Truncate(j.size); back != nil {
			j.stuck = fmt.Errorf("a line cannot be taken back: %w", back)
		}
		return err
	}
	j.size += int64(len(j.line))
	return nil
}

func (j *journal) close() error {
	var errs []error
	for _, t := range j.others {
		errs = append(errs, t.file.Close())
	}
	if j.own != nil {
		if j.size == 0 {
			errs = append(errs, os.Remove(j.own.Name()))
		}
		errs = append(errs, j.own.Close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
	}
	return errors.Join(errs...)
}
