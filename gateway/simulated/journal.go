package simulated

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// journal is this process's part in the journals of a gateway: it appends to a
// file of its own and follows the others'. It is not safe for concurrent use.
type journal struct {
	dir, name string
	shared    *shared

	own   *os.File
	size  int64  // of own, up to the last whole line
	line  []byte // reused
	stuck error  // why nothing can be appended any more

	seen    uint64          // the count of journals when the folder was last read
	asked   uint64          // the same when it was last asked who is gone
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
func openJournal(cfg Config, b *book, closing <-chan struct{}) (*journal, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	s, err := openShared(filepath.Join(cfg.Dir, cfg.Name+lockSuffix), closing)
	if err != nil {
		return nil, err
	}
	j := &journal{
		dir: cfg.Dir, name: cfg.Name, shared: s, known: map[string]bool{}, decoder: newDecoder(false),
	}
	if err := j.open(context.Background(), b); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *journal) open(ctx context.Context, b *book) error {
	// The long part comes first, since it must not keep other processes waiting.
	if err := j.readFolder(b); err != nil {
		return err
	}
	if err := j.create(ctx); err != nil {
		return err
	}
	err := j.enter(ctx, b)
	if err == nil {
		j.leave()
	}
	return err
}

// create makes the process's own file, named by its number, and then counts it:
// who sees the count finds the file.
func (j *journal) create(ctx context.Context) error {
	if err := j.shared.lockFile(ctx); err != nil {
		return err
	}
	defer unlock(j.shared.file)
	for j.own == nil {
		j.shared.number = j.shared.starts.Add(1)
		name := j.file(j.shared.number)
		f, err := os.OpenFile(filepath.Join(j.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if errors.Is(err, os.ErrExist) { // the lock file was lost, and the numbers began again
			continue
		}
		if err != nil {
			return err
		}
		j.own, j.known[name] = f, true
	}
	if _, err := tryLock(j.own, true); err != nil {
		return err
	}
	j.shared.journals.Add(1)
	return nil
}

// file returns the name of the journal of the process with that number.
func (j *journal) file(number uint64) string {
	return fmt.Sprintf("%s.%08d%s", j.name, number, journalSuffix)
}

// enter begins an append: it keeps the other processes from writing until leave,
// and reads what they have written up to now.
func (j *journal) enter(ctx context.Context, b *book) error {
	if j.stuck != nil {
		return j.stuck
	}
	if err := j.shared.lock(ctx, j.alive); err != nil {
		return err
	}
	err := j.catchUp(b)
	if err == nil && j.asked != j.seen {
		err = j.letGo(ctx, b)
	}
	if err != nil {
		j.leave()
	}
	return err
}

func (j *journal) leave() { j.shared.unlock() }

func (j *journal) alive(number uint64) (bool, error) {
	free, err := unlocked(j.dir, j.file(number))
	return !free, err
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
	return errors.Join(append(errs, j.shared.close())...)
}
