package sim

import (
	"fmt"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/store/memory"
)

// began is when every run begins.
var began = time.Date(2031, time.March, 1, 12, 0, 0, 0, time.UTC)

// world is everything that takes part in a run, and the scheduler of it.
type world struct {
	cfg       Config
	report    Report
	trace     *trace
	manual    *clock.Manual
	setBack   time.Duration // how far the clock was set back in all
	latest    time.Time     // the clock has been there
	dice      dice          // what the scheduler draws
	faultDice dice
	faults    faults
	shape     shape
	calm      bool // nothing goes wrong any more
	err       error

	tasks   []*task
	running *task // nil while the scheduler decides
	step    int

	disk       *memory.Store
	store      *simStore
	blindUntil []time.Time // by shard
	providers  []*provider
	ids        *ident.Source // for what is done on purpose only

	instances []*instance // by slot; nil while it is down
	bootAt    []time.Time
	lives     []int

	audit    *auditor
	workload *workload
}

// shape is what differs between worlds besides their faults.
type shape struct {
	instances  int
	clients    int
	maxGroup   int
	maxQueue   int
	pause      time.Duration
	batchCalls int
	inquiries  int
	inquire    time.Duration // after which an open operation is asked about
	long       bool          // days pass
	oneTrip    bool          // the store claims and loads at once
	pace       time.Duration // the most that passes while something can happen
}

func newWorld(cfg Config) (*world, error) {
	w := &world{
		cfg: cfg, trace: newTrace(cfg.Trace), manual: clock.NewManual(began), latest: began,
		dice: newDice(cfg.Seed, streamSchedule), faultDice: newDice(cfg.Seed, streamFaults),
	}
	w.report = Report{Seed: cfg.Seed, Counts: map[string]int{}}
	w.faults = drawFaults(w.faultDice)
	w.shape = shape{
		instances:  pick(w.dice, 1, 1, 2),
		clients:    3 + w.dice.IntN(8),
		maxGroup:   pick(w.dice, 1, 3, 512),
		maxQueue:   pick(w.dice, 4, 8192, 8192),
		pause:      pick(w.dice, 0, 2*time.Millisecond),
		batchCalls: pick(w.dice, 1, 3, 10),
		inquiries:  pick(w.dice, 2, 200),
		inquire:    pick(w.dice, 2*time.Second, 10*time.Second),
		long:       w.dice.hit(0.5),
		pace:       pick(w.dice, 10*time.Millisecond, 100*time.Millisecond, time.Second),
	}
	w.shape.oneTrip = cfg.Seed%2 == 1
	if w.shape.long {
		w.faults.leap = pick(w.faultDice, 0.003, 0.01, 0.03)
	}
	w.ids = ident.NewSource(3, w.now, newDice(cfg.Seed, streamIDs).Uint64)
	var err error
	if w.disk, err = memory.New(cfg.Shards); err != nil {
		return nil, err
	}
	w.store = &simStore{Store: w.disk, w: w, writers: make([]*simTx, cfg.Shards)}
	w.blindUntil = make([]time.Time, cfg.Shards)
	for _, name := range []string{"alpha", "beta"} {
		p, err := newProvider(w, name)
		if err != nil {
			return nil, err
		}
		w.providers = append(w.providers, p)
	}
	w.audit = newAuditor(w)
	w.workload = newWorkload(w)
	if err := w.fill(); err != nil {
		return nil, err
	}
	w.instances = make([]*instance, w.shape.instances)
	w.bootAt = make([]time.Time, w.shape.instances)
	w.lives = make([]int, w.shape.instances)
	w.say("seed %d, %+v, %+v", cfg.Seed, w.shape, w.faults)
	for slot := range w.instances {
		w.boot(slot, 0)
	}
	for number := range w.shape.clients {
		w.spawn(nil, fmt.Sprintf("client %d", number), w.workload.run)
	}
	return w, nil
}

func (w *world) now() time.Time { return w.manual.Now() }

// say adds a line to the trace.
func (w *world) say(format string, args ...any) {
	name := "-"
	if w.running != nil {
		name = w.running.name
	}
	at := w.now().Sub(began).Milliseconds()
	w.trace.add("%6d %6d.%03d %-14s %s", w.step, at/1000, at%1000, name, fmt.Sprintf(format, args...))
}

// count counts something for the report.
func (w *world) count(what string) { w.report.Counts[what]++ }

// fail ends the run; the first failure counts.
func (w *world) fail(format string, args ...any) {
	if w.err != nil {
		return
	}
	w.say("FAIL: "+format, args...)
	w.err = fmt.Errorf("sim: seed %d, step %d: %s", w.cfg.Seed, w.step, fmt.Sprintf(format, args...))
}

// close ends every task.
func (w *world) close() {
	for _, t := range w.tasks {
		w.end(t)
	}
	for _, i := range w.instances {
		if i != nil {
			i.cancel()
		}
	}
	for _, p := range w.providers {
		_ = p.inner.Close()
	}
	_ = w.disk.Close()
}
