package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"
)

// flushEvery is how long an acknowledged payment may be missing in the file.
const flushEvery = 50 * time.Millisecond

// Journal is a file with a JSON line for each request that was acknowledged:
// what a server must still know after it was killed. A nil Journal keeps
// nothing.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	err  error // the first
	stop context.CancelFunc
	done chan struct{}
}

// OpenJournal makes the file, or empties it.
func OpenJournal(name string) (*Journal, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	j := &Journal{file: file, out: bufio.NewWriterSize(file, 1<<16), stop: stop, done: make(chan struct{})}
	go j.flush(ctx)
	return j, nil
}

func (j *Journal) flush(ctx context.Context) {
	defer close(j.done)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			j.mu.Lock()
			j.note(j.out.Flush())
			j.mu.Unlock()
		}
	}
}

func (j *Journal) note(err error) {
	if j.err == nil {
		j.err = err
	}
}

// entry is one line.
type entry struct {
	Payment  string `json:"payment"`
	UserID   int64  `json:"user_id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
	Key      string `json:"key"`
}

// Add notes an acknowledged payment.
func (j *Journal) Add(p *Payment, id, state, key string) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(entry{id, p.UserID, p.Minor, currency, state, key})
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.out.Write(append(line, '\n'))
	j.note(err)
	return j.err
}

// Close flushes what is left. It returns the first error that the file met.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	j.stop()
	<-j.done
	j.note(j.out.Flush())
	j.note(j.file.Close())
	return j.err
}
