//go:build services

package postgres_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/store"
	"florin/store/postgres"
)

// proxy stands before a server. It can hold back what either side sends, for good
// or for a while.
type proxy struct {
	listener net.Listener
	server   string
	done     sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond
	requests bool          // are held back
	answers  bool          // are held back
	dropped  bool          // what is held back, of the connections there are, is lost
	slow     time.Duration // to connect
	conns    []net.Conn
}

// through returns the configuration with its shards' servers behind a proxy.
func through(t *testing.T, cfg postgres.Config) (postgres.Config, *proxy) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l}
	p.changed = sync.NewCond(&p.mu)
	cfg.Shards = slices.Clone(cfg.Shards)
	for i := range cfg.Shards {
		c, err := pgx.ParseConfig(cfg.Shards[i].DSN)
		if err != nil {
			t.Fatal(err)
		}
		p.server = fmt.Sprintf("%s:%d", c.Host, c.Port)
		cfg.Shards[i].DSN = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", c.User, l.Addr(), c.Database)
	}
	p.done.Go(p.accept)
	t.Cleanup(p.close)
	return cfg, p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		slow := p.slow
		p.mu.Unlock()
		p.done.Go(func() { p.copy(server, client, &p.requests) })
		p.done.Go(func() {
			time.Sleep(slow)
			p.copy(client, server, &p.answers)
		})
	}
}

// copy hands on what one side says, while it is not held back.
func (p *proxy) copy(to, from net.Conn, held *bool) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		for *held && !p.dropped {
			p.changed.Wait()
		}
		lost := *held && p.dropped
		p.mu.Unlock()
		if n > 0 && !lost {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil || lost {
			if !errors.Is(err, io.EOF) {
				_ = from.Close()
			}
			return
		}
	}
}

// set holds requests or answers back, or lets them go.
func (p *proxy) set(requests, answers, dropped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.answers, p.dropped = requests, answers, dropped
	p.changed.Broadcast()
}

func (p *proxy) close() {
	p.set(true, true, true)
	_ = p.listener.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.done.Wait()
}

// TestAnswerLost: the COMMIT is carried out, and nobody hears of it.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	cfg, between := through(t, fresh(t, 1))
	s := open(t, cfg)
	expectWorks(t, s)
	p, group := newPayment(ids.New(4)), ids.New(0)
	err := walk(t.Context(), s, p, group, func(step string) {
		if step == "commit" {
			between.set(false, true, true)
		}
	})
	between.set(false, false, false)
	if !errors.Is(err, store.ErrCommitUnknown) {
		t.Fatalf("error is %v", err)
	}
	if !committedAtLast(t, s, group) {
		t.Error("it is said not to be committed")
	}
	expectOutcome(t, s, "lost", p, group, err)
	expectWorks(t, s)
}

// TestCommitHeldUp: the COMMIT is on its way while it is given up, and comes to the
// server after Committed has said that it was not committed: it is refused.
func TestCommitHeldUp(t *testing.T) {
	t.Parallel()
	direct := fresh(t, 1)
	direct.Freeze = 500 * time.Millisecond
	cfg, between := through(t, direct)
	s := open(t, cfg)
	expectWorks(t, s)
	p, group := newPayment(ids.New(4)), ids.New(0)
	err := walk(t.Context(), s, p, group, func(step string) {
		if step == "commit" {
			between.set(true, false, false)
		}
	})
	if !errors.Is(err, store.ErrCommitUnknown) {
		t.Fatalf("error is %v", err)
	}
	began := time.Now()
	_, err = s.Begin(t.Context(), 0)
	if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || took > 100*time.Millisecond {
		t.Errorf("a frozen shard: %v after %s", err, took)
	}
	// Another way leads to the server meanwhile: what was held up must not pass.
	c := connect(t, direct, 0)
	exec(t, c, `INSERT INTO commits (group_id, void) VALUES ($1, true)`, [16]byte(group))
	between.set(false, false, false)
	expectWorks(t, s)
	if committedAtLast(t, s, group) {
		t.Error("it is said to be committed")
	}
	if _, err := s.Payment(t.Context(), p.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the payment: %v", err)
	}
}

// TestFrozen: a shard that stops answering is given up within Freeze, is refused at
// once from then on, and comes back by itself.
func TestFrozen(t *testing.T) {
	t.Parallel()
	cfg, between := through(t, fresh(t, 1))
	s := open(t, cfg)
	expectWorks(t, s)
	between.set(true, true, false)
	began := time.Now()
	err := walk(t.Context(), s, newPayment(ids.New(4)), ids.New(0), func(string) {})
	if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || took > 3*time.Second {
		t.Errorf("error is %v after %s", err, took)
	}
	for range 3 {
		began = time.Now()
		_, err := s.Begin(t.Context(), 0)
		if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || took > 50*time.Millisecond {
			t.Errorf("error is %v after %s", err, took)
		}
	}
	between.set(false, false, false)
	expectWorks(t, s)
}
