package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// run is one run of bench.
type run struct {
	cfg     Config
	id      string // in every idempotency key
	loads   int
	journal *Journal
	shared  *site // while the config keeps one
	report  *Report
}

// Run measures what cfg asks for. Its Report is good only without an error.
func Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, report: newReport()}
	var id [6]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	r.report.Client = "bench's own bare client"
	if cfg.NetHTTP {
		r.report.Client = "net/http's client"
	}
	r.id = "bench-" + hex.EncodeToString(id[:])
	if cfg.Journal != "" {
		if r.journal, err = OpenJournal(cfg.Journal); err != nil {
			return nil, err
		}
	}
	defer func() {
		if r.shared != nil {
			err = errors.Join(err, r.shared.close())
		}
		if journalErr := r.journal.Close(); journalErr != nil {
			err = errors.Join(err, fmt.Errorf("the journal: %w", journalErr))
		}
		if ctx.Err() != nil {
			err = errors.New("stopped before the end: nothing was measured")
		}
	}()
	if cfg.Replay != "" {
		return r.report, r.replay(ctx)
	}
	if cfg.Has(Single) || cfg.Has(Hot) || cfg.Has(Echo) || cfg.Has(PGBench) {
		if err := r.singles(ctx); err != nil {
			return nil, err
		}
	}
	if cfg.Has(Batch) || cfg.Has(Raw) {
		if err := r.batches(ctx); err != nil {
			return nil, err
		}
	}
	if cfg.movesWallets() || cfg.Has(RawTransfers) {
		if err := r.transfers(ctx); err != nil {
			return nil, err
		}
	}
	for _, mode := range []Mode{Wallet, Mixed} {
		if cfg.Has(mode) {
			if err := r.everyday(ctx, mode); err != nil {
				return nil, err
			}
		}
	}
	return r.report, nil
}

// keys returns what a load's idempotency keys begin with.
func (r *run) keys() string {
	r.loads++
	return fmt.Sprintf("%s-%d", r.id, r.loads)
}

// with opens a site for a group of modes, or takes the shared one, and calls f.
func (r *run) with(ctx context.Context, group string, f func(*site) error) (err error) {
	s := r.shared
	if s == nil {
		if s, err = r.openSite(ctx, group); err != nil {
			return err
		}
		if r.cfg.keeps() {
			r.shared = s
		} else {
			defer func() { err = errors.Join(err, s.close()) }()
		}
		if err := r.prepare(ctx, s); err != nil {
			return errors.Join(err, s.err())
		}
	}
	if err := f(s); err != nil {
		return errors.Join(err, s.err())
	}
	r.report.Restarts = s.restarts()
	return nil
}

// singles measures the modes of one payment a request.
func (r *run) singles(ctx context.Context) error {
	var echo *Target
	if r.cfg.Has(Echo) {
		cmd := r.cfg.Echo()
		addr, stop, err := StartEcho(ctx, cmd)
		if err != nil {
			return err
		}
		defer stop()
		echo = &Target{
			Addrs: []string{addr}, APIKey: r.cfg.APIKey, NetHTTP: r.cfg.NetHTTP,
			CPU: func() time.Duration { return cpuTime(cmd.Process.Pid) },
		}
	}
	if !r.cfg.Has(Single) && !r.cfg.Has(Hot) {
		return r.ceilings(ctx, echo)
	}
	return r.with(ctx, "single", func(s *site) error {
		clients, err := r.chooseClients(ctx, s)
		if err != nil {
			return err
		}
		r.report.Clients = clients
		// Hot is held against single: that is measured beside it in any case.
		lanes := []lane{r.load(Single, s.target, s.users, clients)}
		if echo != nil {
			lanes = append(lanes, r.load(Echo, *echo, s.users, clients))
		}
		if r.cfg.Has(Hot) {
			lanes = append(lanes, r.load(Hot, s.target, s.users[:1], clients))
		}
		if r.cfg.Has(PGBench) {
			lanes = append(lanes, r.pgbench())
		}
		return r.rotate(ctx, lanes)
	})
}

// ceilings measures what single requests are held against, without them.
func (r *run) ceilings(ctx context.Context, echo *Target) error {
	var lanes []lane
	if echo != nil {
		r.report.Clients = orFew(r.cfg.Clients)
		users := []User{{1, "pm_0192f3a4b5c67d008123456789abcdef"}}
		lanes = append(lanes, r.load(Echo, *echo, users, r.report.Clients))
	}
	if r.cfg.Has(PGBench) {
		lanes = append(lanes, r.pgbench())
	}
	return r.rotate(ctx, lanes)
}

// batches measures batch and its ceiling.
func (r *run) batches(ctx context.Context) error {
	raw := lane{mode: Raw, run: r.rawSlice}
	if !r.cfg.Has(Batch) {
		return r.rotate(ctx, []lane{raw})
	}
	return r.with(ctx, "batch", func(s *site) error {
		clients := batchClients
		if r.cfg.Clients > 0 && !r.cfg.Has(Single) && !r.cfg.Has(Hot) && !r.cfg.Has(Echo) {
			clients = r.cfg.Clients
		}
		r.report.BatchClients, r.report.BatchSize = clients, r.cfg.BatchSize
		lanes := []lane{r.load(Batch, s.target, s.users, clients)}
		if r.cfg.Has(Raw) {
			lanes = append(lanes, raw)
		}
		return r.rotate(ctx, lanes)
	})
}

func orFew(clients int) int {
	if clients > 0 {
		return clients
	}
	return fewClients
}

// chooseClients finds out how many clients single requests go best with.
func (r *run) chooseClients(ctx context.Context, s *site) (int, error) {
	if r.cfg.Clients > 0 || r.cfg.Restart || r.cfg.Rate > 0 {
		return orFew(r.cfg.Clients), nil
	}
	rates := map[int]float64{}
	each := min(2*time.Second, r.cfg.Duration/4)
	for _, clients := range []int{fewClients, manyClients, manyClients, fewClients} {
		l := r.load(Single, s.target, s.users, clients)
		slice, err := l.run(ctx, each/2, each)
		if err != nil {
			return 0, err
		}
		rates[clients] += slice.PerSecond / 2
	}
	best := fewClients
	if rates[manyClients] > rates[fewClients] {
		best = manyClients
	}
	r.report.Choice = fmt.Sprintf("%d clients: %s/s, %d clients: %s/s", fewClients, group(int64(rates[fewClients])),
		manyClients, group(int64(rates[manyClients])))
	fmt.Fprintf(r.cfg.Log, "%s; %d it is\n", r.report.Choice, best)
	return best, nil
}

// fill puts payments in, before anything is measured.
func (r *run) fill(ctx context.Context, s *site) error {
	var left atomic.Int64
	left.Store(r.cfg.Fill)
	p := newProgress(r.cfg.Log, r.cfg.Terminal, "fill", r.cfg.Fill, true)
	l := r.newLoad(s.target, s.users, batchClients, r.cfg.BatchSize)
	traffic := l.Traffic
	l.Traffic = func(client int) Traffic { return limited{traffic(client), &left} }
	l.Progress = p.set
	m, err := l.Run(ctx, 0, 0)
	p.end()
	if err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	fmt.Fprintf(r.cfg.Log, "filled %s payments in %s\n", group(m.Settled()), m.Took.Round(time.Second))
	return r.finish(ctx, s.target, &m)
}
