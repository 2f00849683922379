package simulated

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Journals returns the names of the gateways that have a journal in dir, sorted.
// A dir that does not exist has none.
func Journals(dir string) ([]string, error) {
	files, err := journalFiles(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, _, _ := strings.Cut(file, ".")
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// ReadJournal calls visit for every entry of the gateway's journals in dir until
// it returns an error, which ReadJournal returns. It needs no open gateway, and
// does not hinder one: it reads what is written by then. The entries come
// process by process, each one's in order; so a refund may come before its charge.
func ReadJournal(dir, name string, visit func(Entry) error) error {
	files, err := journalFiles(dir)
	if err != nil {
		return err
	}
	d := newDecoder(true)
	var lines lineReader
	for _, file := range files {
		if !strings.HasPrefix(file, name+".") {
			continue
		}
		t, err := openTail(dir, file)
		if errors.Is(err, os.ErrNotExist) { // empty, and taken away by its writer
			continue
		}
		if err != nil {
			return err
		}
		err = t.follow(&lines, d, func(e *Entry) error { return visit(*e) })
		_ = t.file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// journalFiles returns the names of dir's journals, those of a gateway in the
// order in which they were begun.
func journalFiles(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file.Name(), journalSuffix) && strings.Count(file.Name(), ".") == 2 {
			names = append(names, file.Name())
		}
	}
	return names, nil
}

// catchUp reads into b what others have written since the last time.
func (j *journal) catchUp(b *book) error {
	count := j.shared.journals.Load()
	if count == j.seen {
		return j.follow(b)
	}
	if err := j.readFolder(b); err != nil {
		return err
	}
	j.seen = count
	return nil
}

// follow reads what the other processes that are known have written.
func (j *journal) follow(b *book) error {
	for _, t := range j.others {
		err := t.follow(&j.lines, j.decoder, func(e *Entry) error {
			b.add(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(b.unsettled) > 0 {
		b.settleAll()
	}
	return nil
}

// readFolder looks for new files, and reads them all.
func (j *journal) readFolder(b *book) error {
	files, err := journalFiles(j.dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if !strings.HasPrefix(file, j.name+".") || j.known[file] {
			continue
		}
		t, err := openTail(j.dir, file)
		if errors.Is(err, os.ErrNotExist) { // empty, and taken away by its writer
			continue
		}
		if err != nil {
			return err
		}
		j.known[file] = true
		j.others = append(j.others, t)
	}
	return j.follow(b)
}

// letGo closes the files whose writers are gone.
func (j *journal) letGo(ctx context.Context, b *book) error {
	if err := j.shared.lockFile(ctx); err != nil {
		return err
	}
	defer unlock(j.shared.file)
	gone := map[*tail]bool{}
	for _, t := range j.others {
		free, err := tryLock(t.file, false)
		if err != nil {
			return err
		}
		gone[t] = free
	}
	if err := j.follow(b); err != nil { // what they wrote just before they went
		return err
	}
	j.others = slices.DeleteFunc(j.others, func(t *tail) bool {
		if gone[t] {
			_ = t.file.Close() // which unlocks it
		}
		return gone[t]
	})
	j.asked = j.seen
	return nil
}

// tail is another process's file, read up to offset.
type tail struct {
	file   *os.File
	offset int64
}

func openTail(dir, name string) (*tail, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &tail{file: f}, nil
}

// lineReader is a buffer for many files' lines, made when it is first needed.
type lineReader struct{ buffer *bufio.Reader }

func (l *lineReader) reset(r io.Reader) *bufio.Reader {
	if l.buffer == nil {
		l.buffer = bufio.NewReaderSize(r, 1<<16)
	}
	l.buffer.Reset(r)
	return l.buffer
}

// follow visits the entries behind offset. It stops before a last line that is
// not whole. The entry is used again.
func (t *tail) follow(lines *lineReader, d *decoder, visit func(*Entry) error) error {
	size, err := t.file.Seek(0, io.SeekEnd)
	if err != nil || size == t.offset {
		return err
	}
	r := lines.reset(io.NewSectionReader(t.file, t.offset, size-t.offset))
	var e Entry
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = d.decode(line[:len(line)-1], &e)
		}
		if err != nil {
			return fmt.Errorf("%s, byte %d: %w", t.file.Name(), t.offset, err)
		}
		t.offset += int64(len(line))
		if err := visit(&e); err != nil {
			return err
		}
	}
}
