package simulated

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/internal/clock"
)

// Config says how a Gateway is opened.
type Config struct {
	// Name is the gateway's name: 1 to 64 of a-z, 0-9, '_' and '-'. Needed.
	Name string
	// Dir is the folder of the journals, made if it is missing, shared by all
	// processes for which this is the same gateway. "" keeps all in memory.
	Dir string
	// Clock is where the time comes from; default clock.System.
	Clock clock.Clock
	// Chance is the source of all that is random. Needed. It is called by one
	// goroutine at a time.
	Chance func() uint64
	// Listener is told what lands late; Listen sets it later.
	Listener gateway.Listener
	// Settling is what Capabilities tells; default 15 s. Settings.LateMS beyond
	// it makes the gateway break its word, which a test may want.
	Settling time.Duration
	// Spawn runs late work, the listener included; by default it runs within
	// the clock's AfterFunc.
	Spawn func(func())
}

// Gateway is a simulated gateway; it implements gateway.Gateway and is safe for
// concurrent use.
type Gateway struct {
	cfg      Config
	settings atomic.Pointer[Settings]
	listener atomic.Pointer[gateway.Listener]
	dice     sync.Mutex
	late     schedule
	done     chan struct{} // closed by Close
	closing  sync.Once
	resumed  sync.Once

	// turn holds one element while somebody uses what stands below it: a mutex
	// whose waiting ends with a context.
	turn    chan struct{}
	book    *book
	journal *journal // nil: memory only
	closed  bool
}

var (
	_ gateway.Gateway = (*Gateway)(nil)

	names = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

	errClosed = fmt.Errorf("simulated: the gateway is closed: %w", gateway.ErrNotSent)
	errBroken = errors.New("simulated: the connection broke")
)

// Open opens the gateway and reads what its journals in Dir hold. An error is
// one of the configuration, of the file system, or a journal's damaged line.
func Open(cfg Config) (*Gateway, error) {
	if !names.MatchString(cfg.Name) {
		return nil, fmt.Errorf("simulated: the name %q is not 1 to 64 of a-z, 0-9, _ and -", cfg.Name)
	}
	if cfg.Chance == nil {
		return nil, errors.New("simulated: Config.Chance is missing")
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Settling == 0 {
		cfg.Settling = 15 * time.Second
	}
	if cfg.Spawn == nil {
		cfg.Spawn = func(work func()) { work() }
	}
	g := &Gateway{
		cfg:  cfg,
		done: make(chan struct{}),
		turn: make(chan struct{}, 1),
		book: newBook(),
	}
	g.late = schedule{clock: cfg.Clock, spawn: cfg.Spawn}
	g.settings.Store(&Settings{})
	g.book.name = cfg.Name
	g.listener.Store(&cfg.Listener)
	if cfg.Dir != "" {
		var err error
		if g.journal, err = openJournal(cfg, g.book, g.done); err != nil {
			return nil, fmt.Errorf("simulated: open %s: %w", cfg.Name, err)
		}
	}
	g.Listen(cfg.Listener)
	return g, nil
}

// Name implements gateway.Gateway.
func (g *Gateway) Name() string { return g.cfg.Name }

// Capabilities implements gateway.Gateway.
func (g *Gateway) Capabilities() gateway.Capabilities {
	return gateway.Capabilities{
		Consistent: true, Settling: g.cfg.Settling, Test: true, MultipleCapture: true, PartialCapture: true, Void: true,
	}
}

// Listen sets who is told what lands late; nil: nobody, and Resolve tells it.
func (g *Gateway) Listen(l gateway.Listener) {
	g.listener.Store(&l)
	if l != nil {
		g.resumed.Do(g.resume)
	}
}

// Resolve implements gateway.Gateway: the outcome of the charge, refund or void
// with that id, or NotFound for one that has not landed. Of the settings only
// Down and LatencyMS bear on it.
func (g *Gateway) Resolve(ctx context.Context, operation ident.ID) (gateway.Outcome, error) {
	if s := g.settings.Load(); *s != (Settings{}) {
		if err := g.reach(ctx, s); err != nil {
			return gateway.Outcome{}, err
		}
	}
	if err := g.lapseIfDue(ctx, operation); err != nil {
		return gateway.Outcome{}, err
	}
	if err := g.take(ctx); err != nil {
		return gateway.Outcome{}, err
	}
	defer g.give()
	known, err := g.lookUp(operation)
	if err != nil {
		return gateway.Outcome{}, err
	}
	if known == nil {
		return gateway.Outcome{Status: gateway.NotFound}, nil
	}
	return g.book.outcome(operation, known), nil
}

// lookUp returns an operation's record, nil for none: where it is not final, also
// from what other processes have written by now. The caller has the turn.
func (g *Gateway) lookUp(operation ident.ID) (*record, error) {
	known := g.book.find(operation)
	if known != nil && known.state == ended || g.journal == nil {
		return known, nil
	}
	if err := g.journal.catchUp(g.book); err != nil {
		return nil, fmt.Errorf("simulated: resolve: %w", err)
	}
	return g.book.find(operation), nil
}

// Entries calls visit for each operation that the gateway knows of, in the order
// in which it learnt of them, until visit returns an error, which it returns.
// The gateway stands still meanwhile: visit must not call it.
func (g *Gateway) Entries(visit func(Entry) error) error {
	if err := g.take(context.Background()); err != nil {
		return err
	}
	defer g.give()
	if g.journal != nil {
		if err := g.journal.catchUp(g.book); err != nil {
			return fmt.Errorf("simulated: entries: %w", err)
		}
	}
	return g.book.each(visit)
}

// Close stops everything: what has not landed never does, and calls that come
// later, or still wait for an answer, end with an error. It waits for a listener
// that runs, whose context it ends; so a listener must not call it.
func (g *Gateway) Close() error {
	var err error
	g.closing.Do(func() {
		close(g.done)
		g.late.close()
		g.turn <- struct{}{}
		defer g.give()
		g.closed = true
		if g.journal != nil {
			err = g.journal.close()
		}
	})
	if err != nil {
		return fmt.Errorf("simulated: close: %w", err)
	}
	return nil
}

// take waits for the turn. The error is the context's, or errClosed.
func (g *Gateway) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.turn <- struct{}{}:
	default:
		select {
		case g.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		case <-g.done:
			return errClosed
		}
	}
	if g.closed {
		g.give()
		return errClosed
	}
	return nil
}

func (g *Gateway) give() { <-g.turn }
