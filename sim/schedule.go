package sim

import (
	"slices"
	"time"
)

// turn is one choice of the scheduler.
func (w *world) turn() {
	w.step++
	w.tasks = slices.DeleteFunc(w.tasks, func(t *task) bool { return t.done })
	if !w.calm {
		w.misfortune()
	}
	for slot, i := range w.instances {
		if i != nil && w.stopped(i) {
			w.gone(i)
		}
		if i == nil && (w.calm || !w.now().Before(w.bootAt[slot])) {
			w.boot(slot, w.lives[slot])
		}
	}
	ready := w.ready()
	steppable := w.steppable()
	const tasks, steps, passing, works = 0, 1, 2, 3
	weights := []int{tasks: 10 * len(ready), steps: 5 * len(steppable), passing: 2, works: len(workers)}
	if len(ready)+len(steppable) == 0 {
		weights[passing] = 4
	} else if w.calm {
		weights[passing], weights[works] = 0, 0
	}
	switch weighted(w.dice, weights...) {
	case tasks:
		w.resume(pick(w.dice, ready...))
	case steps:
		s := pick(w.dice, steppable...)
		s.home.step(s.shard)
	case passing:
		w.pass(len(ready)+len(steppable) == 0)
	case works:
		if home := w.anyInstance(); home != nil {
			pick(w.dice, workers...)(home, w.dice.IntN(w.cfg.Shards))
		}
	}
}

// workers are the background steps, each of a shard.
var workers = []func(i *instance, shard int){
	(*instance).inquire, (*instance).move, (*instance).expire, (*instance).void,
	(*instance).workBatches,
}

func (w *world) ready() []*task {
	now := w.now()
	var ready []*task
	for _, t := range w.tasks {
		if t.ready(now) {
			ready = append(ready, t)
		}
	}
	return ready
}

// place is a shard in an instance.
type place struct {
	home  *instance
	shard int
}

// steppable returns the committers that have something to do.
func (w *world) steppable() []place {
	var places []place
	for _, i := range w.instances {
		if i == nil {
			continue
		}
		for shard, c := range i.committers {
			if !i.stepping[shard] && c.Len() > 0 {
				places = append(places, place{i, shard})
			}
		}
	}
	return places
}

// pass moves the clock: to the next alarm when nothing else can happen, else by
// a little, by seconds, as when a process stalls, or back, as a clock that is
// corrected.
func (w *world) pass(idle bool) {
	d := w.dice.between(time.Millisecond, w.shape.pace)
	switch {
	case idle:
		d = w.dice.between(10*time.Millisecond, time.Second)
		if w.calm {
			d = w.dice.between(10*time.Millisecond, 20*time.Second)
		}
		if next, ok := w.nextAlarm(); ok && w.dice.hit(0.8) {
			d = next.Sub(w.now())
		}
	case w.hit(w.faults.bigJump):
		d = w.dice.between(time.Second, 12*time.Second)
	case w.leaps():
		d = w.leap(pick(w.dice, authorizedFor+time.Hour, w.dice.between(24*time.Hour, 8*24*time.Hour)))
	case w.hit(w.faults.back):
		d = -w.dice.between(time.Millisecond, 500*time.Millisecond)
	}
	if d < 0 {
		w.setBack -= d
		w.count("clock set back")
	}
	w.manual.Advance(d)
	if now := w.now(); now.After(w.latest) {
		w.latest = now
	}
}

// nextAlarm returns when the next sleeper wakes.
func (w *world) nextAlarm() (next time.Time, ok bool) {
	consider := func(at time.Time) {
		if !at.IsZero() && at.After(w.now()) && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	for _, t := range w.tasks {
		consider(t.alarm)
	}
	w.audit.nextExpiry(consider)
	for _, p := range w.providers {
		for _, at := range p.timers {
			consider(at)
		}
	}
	for slot, i := range w.instances {
		if i == nil {
			consider(w.bootAt[slot])
		}
	}
	return next, ok
}

// misfortune lets one of the greater things go wrong.
func (w *world) misfortune() {
	if w.hit(w.faults.kill) {
		if i := w.anyInstance(); i != nil {
			w.kill(i)
		}
	}
	if w.hit(w.faults.stop) {
		if i := w.anyInstance(); i != nil {
			w.stop(i)
		}
	}
	if w.hit(w.faults.reopen) {
		w.say("the store restarts")
		w.count("store restart")
		w.store.reopen()
	}
	if w.hit(w.faults.outage) {
		p := pick(w.faultDice, w.providers...)
		p.downUntil = w.now().Add(w.faultDice.between(time.Second, 40*time.Second))
		w.say("%s is down", p.Name())
		w.count("gateway outage")
	}
	if w.hit(w.faults.blind) {
		shard := w.faultDice.IntN(w.cfg.Shards)
		w.blindUntil[shard] = w.now().Add(w.faultDice.between(100*time.Millisecond, 40*time.Second))
		w.say("shard %d is away", shard)
		w.count("shard outage")
	}
}
