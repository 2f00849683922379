package sim

import (
	"florin/commit"
	"florin/store"
)

// committer is flow.Committer around an instance's real committers, whose Steps
// the scheduler takes.
type committer struct {
	w          *world
	committers []*commit.Committer
}

// Do implements flow.Committer.
func (c *committer) Do(shard int, urgent bool, command commit.Command) error {
	return c.DoAll(urgent, []commit.Item{{Shard: shard, Command: command}})[0]
}

// DoAll implements flow.Committer.
func (c *committer) DoAll(urgent bool, items []commit.Item) []error {
	c.w.pause()
	answers := make([]error, len(items))
	left := 0
	var collect []func()
	for shard, committer := range c.committers {
		var commands []commit.Command
		var places []int
		for i, item := range items {
			if item.Shard != shard {
				continue
			}
			command := item.Command
			if c.w.hit(c.w.faults.forget) {
				command = forgetful{command}
			}
			commands, places = append(commands, command), append(places, i)
		}
		if len(commands) == 0 {
			continue
		}
		left++
		ticket, err := committer.Enqueue(urgent, func() { left-- }, commands...)
		if err != nil {
			left--
		}
		collect = append(collect, func() {
			for j, i := range places {
				answers[i] = err
				if err == nil {
					answers[i] = ticket.Errs[j]
				}
			}
		})
	}
	c.w.await(func() bool { return left == 0 })
	for _, f := range collect {
		f()
	}
	return answers
}

// forgetful is a command that does not say what it reads: its decision has to
// ask for it.
type forgetful struct{ commit.Command }

// Keys implements commit.Command.
func (forgetful) Keys(*store.Keys) {}
