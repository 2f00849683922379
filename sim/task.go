package sim

import (
	"iter"
	"runtime/debug"
	"time"
)

// task is a piece of blocking code that runs a stretch at a time: from where it
// parked to where it parks next.
type task struct {
	name string
	home *instance // whose death ends it; nil: it outlives all instances

	// It can go on once when() holds, or at alarm; at once without either.
	when  func() bool
	alarm time.Time

	done   bool
	killed bool

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
}

// killed is what unwinds a task whose instance is gone.
type killed struct{}

// spawn makes a task; the scheduler starts it some time.
func (w *world) spawn(home *instance, name string, work func()) *task {
	t := &task{name: name, home: home}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		defer w.ended(t)
		work()
	})
	w.tasks = append(w.tasks, t)
	return t
}

// ended takes note of a task's end, and of what ended it.
func (w *world) ended(t *task) {
	t.done = true
	switch broken := recover().(type) {
	case nil:
	case killed:
		t.killed = true
	default:
		w.fail("%s panics: %v\n%s", t.name, broken, debug.Stack())
	}
}

// resume runs a task until it parks or ends.
func (w *world) resume(t *task) {
	t.when, t.alarm = nil, time.Time{}
	w.running = t
	t.next()
	w.running = nil
}

// end kills a task where it is parked.
func (w *world) end(t *task) {
	if !t.done {
		w.running = t
		t.stop()
		w.running = nil
		t.done, t.killed = true, true
	}
}

// park hands the baton back to the scheduler.
func (w *world) park() {
	if !w.running.yield(struct{}{}) {
		panic(killed{})
	}
}

// pause parks a task that can go on at once.
func (w *world) pause() { w.park() }

// await parks until when holds.
func (w *world) await(when func() bool) {
	w.running.when = when
	w.park()
}

// awaitUntil parks until when holds or alarm has come.
func (w *world) awaitUntil(when func() bool, alarm time.Time) {
	w.running.when, w.running.alarm = when, alarm
	w.park()
}

// sleep parks for a time.
func (w *world) sleep(d time.Duration) {
	if d > 0 {
		w.running.alarm = w.now().Add(d)
	}
	w.park()
}

// ready tells whether a task can go on.
func (t *task) ready(now time.Time) bool {
	if t.when == nil && t.alarm.IsZero() {
		return true
	}
	return t.when != nil && t.when() || !t.alarm.IsZero() && !now.Before(t.alarm)
}

// each runs f(0) to f(n-1) in tasks of the one that calls it: flow.Config.Each.
func (w *world) each(n, limit int, f func(i int)) {
	if n <= 1 || limit <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	next, left := 0, min(n, limit)
	for range min(n, limit) {
		w.spawn(w.running.home, w.running.name+"+", func() {
			for next < n {
				i := next
				next++
				f(i)
			}
			left--
		})
	}
	w.await(func() bool { return left == 0 })
}

// within runs f in a task of its own until limit, and leaves it to itself then:
// flow.Config.Within.
func (w *world) within(limit time.Duration, f func()) bool {
	t := w.spawn(w.running.home, w.running.name+" within", f)
	w.awaitUntil(func() bool { return t.done }, w.now().Add(limit))
	if !t.done {
		w.count("a transfer left to itself")
	}
	return t.done
}
