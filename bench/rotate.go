package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// lane is one of the things that are measured in turns.
type lane struct {
	mode Mode
	// run measures one slice: a window, after a ramp that is not counted.
	run func(ctx context.Context, ramp, window time.Duration) (Slice, error)
}

// asked is what a load asks for: many in a request or one, and what traffic by a
// seed; payments, as the mode has them, when it is nil.
type asked struct {
	batch   int
	traffic func(seed uint64) func(client int) Traffic
}

// rampUp is how long a load runs before it is measured.
const rampUp = 500 * time.Millisecond

// rotate measures the lanes in turns, every other turn in the reverse order, so
// that what each leaves behind, and what the machine does meanwhile, hits all.
// What is alone is measured in one piece.
func (r *run) rotate(ctx context.Context, lanes []lane) error {
	turns := 1
	if len(lanes) > 1 {
		turns = r.cfg.slices()
	}
	window := r.cfg.Duration / time.Duration(turns)
	for turn := range turns {
		for _, l := range lanes {
			slice, err := l.run(ctx, min(rampUp, window), window)
			if err != nil {
				return fmt.Errorf("%s: %w", l.mode, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.report.add(l.mode, slice)
			fmt.Fprintf(r.cfg.Log, "%-6s %d/%d %9s/s%s\n", l.mode, turn+1, turns, group(int64(slice.PerSecond)),
				spent(slice.CPU))
		}
		slices.Reverse(lanes)
	}
	r.report.Turns, r.report.Window = max(r.report.Turns, turns), window
	return nil
}

func spent(cpu time.Duration) string {
	if cpu == 0 {
		return ""
	}
	return fmt.Sprintf("%6d µs", cpu.Microseconds())
}

// newLoad returns a load of random payments.
func (r *run) newLoad(t Target, users []User, clients, batch int) *Load {
	seed := uint64(time.Now().UnixNano())
	return &Load{
		Target: t, Clients: clients, Batch: batch, Keys: r.keys(), Journal: r.journal,
		Traffic: func(client int) Traffic { return newRandom(users, seed, uint64(client)) },
	}
}

// load returns the lane of a mode that is a load of payments.
func (r *run) load(mode Mode, t Target, users []User, clients int) lane {
	batch := 0
	if mode == Batch {
		batch = r.cfg.BatchSize
	}
	return r.loadOf(mode, t, users, clients, asked{batch: batch})
}

// loadOf returns the lane of any load.
func (r *run) loadOf(mode Mode, t Target, users []User, clients int, what asked) lane {
	return lane{mode, func(ctx context.Context, ramp, window time.Duration) (Slice, error) {
		l := r.newLoad(t, users, clients, what.batch)
		l.Rate = r.cfg.Rate / float64(max(what.batch, 1))
		if what.traffic != nil {
			l.Traffic = what.traffic(uint64(time.Now().UnixNano()))
		}
		if mode == Echo {
			l.Journal = nil // nobody was paid
		}
		m, err := l.Run(ctx, ramp, window)
		if err != nil {
			return Slice{}, err
		}
		r.report.Unsent += m.Unsent
		if mode == Echo {
			return m.Slice, nil
		}
		return m.Slice, r.finish(ctx, t, &m)
	}}
}

// pgbench returns the lane of PGBench.
func (r *run) pgbench() lane {
	return lane{PGBench, func(ctx context.Context, _, window time.Duration) (Slice, error) {
		rate, err := r.cfg.PGBench(ctx, window)
		return Slice{PerSecond: rate}, err
	}}
}

// rawSlice measures the ceiling of batches on a store of its own.
func (r *run) rawSlice(ctx context.Context, _, window time.Duration) (Slice, error) {
	return r.rawSliceOf(ctx, r.cfg.Raw, window)
}
