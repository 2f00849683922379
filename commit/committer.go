package commit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/problem"
	"florin/store"
)

// Config is what a Committer is made of.
type Config struct {
	Shard   int
	Store   store.Store
	Clock   clock.Clock
	IDs     *ident.Source
	Permits *Permits // shared by all shards of the process; nil for no bound
	// MaxGroup is the most commands of one group; 512 by default.
	MaxGroup int
	// MaxQueue is the most commands waiting before Enqueue refuses; 32768 by
	// default.
	MaxQueue int
	// Pause is waited before gathering while commands come at the same time, up to
	// longestPause times as long where groups take long; 0 by default.
	Pause time.Duration
	// Patience is how long the callers of a group whose commit is unknown wait for
	// the store to tell; after that they are told that it is not known. 0, the
	// default, is for as long as it takes.
	Patience time.Duration
	Log      *slog.Logger
	// Alert is told what a human should look at; it may be nil.
	Alert func(what string, err error)
	// Observe is told of every committed group; it may be nil.
	Observe func(shard, commands int)
}

func (c Config) withDefaults() Config {
	if c.MaxGroup <= 0 {
		c.MaxGroup = 512
	}
	if c.MaxQueue <= 0 {
		c.MaxQueue = 32_768
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Alert == nil {
		c.Alert = func(string, error) {}
	}
	if c.Observe == nil {
		c.Observe = func(int, int) {}
	}
	return c
}

// Bounds on trying again.
const (
	maxNeeds     = 8 // NeedKeys of one command
	maxConflicts = 20
	retryPause   = 20 * time.Millisecond
)

// Committer commits the commands of one shard, a group at a time.
type Committer struct {
	cfg   Config
	mu    sync.Mutex
	queue []item
	ready chan struct{} // holds one token while the queue may not be empty

	// Step's own:
	crowded bool          // commands come at the same time
	left    int           // commands that the last gather left behind
	took    time.Duration // by a group, a moving mean
	quick   time.Duration // what the quick groups take
	scratch scratch

	failures clock.Pace // of groups, in the log
}

// item is a command in the queue.
type item struct {
	command Command
	ticket  *Ticket
	index   int
	extra   *store.Keys // what its decision asked for besides its Keys
	needs   int
}

// Ticket is a set of commands that were queued together. Errs has each
// command's answer once done was called.
type Ticket struct {
	Errs      []error
	remaining atomic.Int32
	done      func()
}

func (i item) answer(err error) {
	i.ticket.Errs[i.index] = err
	i.ticket.finish()
}

func (t *Ticket) finish() {
	if t.remaining.Add(-1) == 0 {
		t.done()
	}
}

// New returns a Committer with an empty queue.
func New(cfg Config) *Committer {
	return &Committer{cfg: cfg.withDefaults(), ready: make(chan struct{}, 1)}
}

// Enqueue queues commands together. done is called once, when all of them have
// their answers in the ticket; it must not block. Unless the commands are
// urgent (they complete what has begun), a full queue refuses all of them with
// an Overloaded problem, and done is not called.
func (c *Committer) Enqueue(urgent bool, done func(), commands ...Command) (*Ticket, error) {
	ticket := &Ticket{Errs: make([]error, len(commands)), done: done}
	ticket.remaining.Store(int32(len(commands)))
	c.mu.Lock()
	if !urgent && len(c.queue)+len(commands) > c.cfg.MaxQueue && len(c.queue) > 0 {
		c.mu.Unlock()
		return nil, problem.New(problem.Overloaded, "shard %d has too much waiting", c.cfg.Shard).After(time.Second)
	}
	for i, command := range commands {
		c.queue = append(c.queue, item{command: command, ticket: ticket, index: i})
	}
	c.mu.Unlock()
	c.signal()
	return ticket, nil
}

// Len returns how many commands are waiting.
func (c *Committer) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// Ready has a token when there may be something to do for Step.
func (c *Committer) Ready() <-chan struct{} { return c.ready }

func (c *Committer) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Step commits one group, and returns how many commands it answered: 0 when
// nothing was waiting. ctx bounds the work on the store only; it is the
// process's, never a caller's, and ends when the process cannot wait any longer.
func (c *Committer) Step(ctx context.Context) (int, error) {
	if c.Len() == 0 {
		return 0, nil
	}
	c.await(ctx, c.pause())
	release := c.cfg.Permits.acquire()
	group := c.gather()
	began := c.cfg.Clock.Now()
	answers, again, committed := c.run(ctx, group, release)
	if committed {
		c.observe(len(group), c.cfg.Clock.Now().Sub(began))
	}
	release()
	repeats := c.repeats(answers)
	for i, answer := range answers {
		if !errors.Is(answer, errAgain) {
			group[i].answer(answer)
		}
	}
	c.requeue(again)
	clear(group)
	return len(group) - len(again) + repeats, nil
}

// repeats answers what is queued under keys that the group has found taken: else each
// repeat of a key would need a group of its own.
func (c *Committer) repeats(answers []error) (answered int) {
	var found map[int64]*LostClaim
	for _, answer := range answers {
		var lost *LostClaim
		if errors.As(answer, &lost) {
			if found == nil {
				found = map[int64]*LostClaim{}
			}
			found[lost.Holder.Hash] = lost
		}
	}
	if found == nil {
		return 0
	}
	var same []item
	c.mu.Lock()
	kept := c.queue[:0]
	for _, it := range c.queue {
		claim := it.command.Claim()
		if claim != nil && !hasMore(it.command) {
			if lost := found[claim.Hash]; lost != nil && lost.Holder.Same(*claim) {
				same = append(same, it)
				continue
			}
		}
		kept = append(kept, it)
	}
	clear(c.queue[len(kept):])
	c.queue = kept
	c.mu.Unlock()
	for _, it := range same {
		claim := it.command.Claim()
		it.answer(found[claim.Hash])
	}
	return len(same)
}

const (
	// amortized is with how many commands in the queue a group is worth its while.
	amortized = 64
	// The longest pause is so many times the least.
	longestPause = 50
)

// pause returns how long to wait for more commands. Where groups take longer than the
// quick ones, the store has much to do, perhaps with groups of other processes: as much
// longer is the pause, for groups that are fewer and larger.
func (c *Committer) pause() time.Duration {
	least := c.cfg.Pause
	if !c.crowded || least <= 0 {
		return 0
	}
	return min(max(c.took-c.quick, least), longestPause*least)
}

// await waits for a pause, or until a group is worth its while.
func (c *Committer) await(ctx context.Context, pause time.Duration) {
	for slice := max(pause/4, c.cfg.Pause); pause > 0 && c.Len()-c.left < amortized; pause -= slice {
		_ = c.cfg.Clock.Sleep(ctx, min(slice, pause))
	}
}

// observe learns from a committed group what pause needs. What is quick rises slowly,
// since the store may be another one some day.
func (c *Committer) observe(commands int, took time.Duration) {
	c.took += (took - c.took) / 4
	if took < c.quick || c.quick == 0 {
		c.quick = took
	} else {
		c.quick += (took - c.quick) / 4096
	}
	c.crowded = commands > 1 || c.Len() > 0
}

// gather takes a group from the queue: no two of its commands claim one key. The
// group is good until the next one.
func (c *Committer) gather() []item {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.queue), c.cfg.MaxGroup)
	group := c.scratch.group[:0]
	claimed := make(map[int64]struct{}, n)
	taken, left := 0, 0
	for ; taken < len(c.queue) && len(group) < n; taken++ {
		it := c.queue[taken]
		if share(it.command, claimed) {
			group = append(group, it)
			continue
		}
		c.queue[left] = it
		left++
	}
	c.scratch.group = group
	c.drop(taken, left)
	c.left = left
	if len(c.queue) > 0 {
		c.signal()
	}
	return group
}

// drop takes what was taken from the front of the queue, where what is left of it
// stands now; left items stay the first ones. The caller holds mu.
func (c *Committer) drop(taken, left int) {
	gone := taken - left
	if taken == len(c.queue) {
		clear(c.queue[left:])
		c.queue = c.queue[:left]
		return
	}
	copy(c.queue[gone:taken], c.queue[:left])
	clear(c.queue[:gone])
	c.queue = c.queue[gone:]
}

// requeue puts commands back to the front.
func (c *Committer) requeue(items []item) {
	if len(items) == 0 {
		return
	}
	c.mu.Lock()
	c.queue = append(items, c.queue...)
	c.mu.Unlock()
	c.signal()
}

// unavailable is what callers see of a store that cannot be reached.
func unavailable(err error) error {
	return problem.New(problem.Unavailable, "the store cannot be reached").After(time.Second).With(err)
}

// unknown is what callers are told when the store has not said in time what became
// of their group: as if the process had ended before it could answer.
func unknown(err error) error {
	return problem.New(problem.OutcomeUnknown, "the store does not tell whether the request was carried out: "+
		"repeat it with the same Idempotency-Key, or look before you send it again").With(err)
}

var errAgain = errors.New("commit: queued again")
