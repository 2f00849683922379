package commit

import (
	"sync"
)

// Set is the committers of all shards.
type Set struct{ committers []*Committer }

// NewSet returns the committers of a store; cfg.Shard is set for each.
func NewSet(cfg Config) *Set {
	s := &Set{}
	for shard := range cfg.Store.Shards() {
		cfg.Shard = shard
		s.committers = append(s.committers, New(cfg))
	}
	return s
}

// Committers returns them, by shard.
func (s *Set) Committers() []*Committer { return s.committers }

// Len returns how many commands are waiting in all.
func (s *Set) Len() int {
	n := 0
	for _, c := range s.committers {
		n += c.Len()
	}
	return n
}

var signals = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

// Do runs one command and waits for its answer: nil once it is durable,
// *LostClaim, or what its decision or the store said. Urgent commands complete
// what has begun: a full queue does not refuse them.
func (s *Set) Do(shard int, urgent bool, command Command) error {
	signal := signals.Get().(chan struct{})
	defer signals.Put(signal)
	ticket, err := s.committers[shard].Enqueue(urgent, func() { signal <- struct{}{} }, command)
	if err != nil {
		return err
	}
	<-signal
	return ticket.Errs[0]
}

// Item is a command and its shard.
type Item struct {
	Shard   int
	Command Command
}

// DoAll runs many commands, those of one shard queued together, and waits for
// all answers, which come in the items' order.
func (s *Set) DoAll(urgent bool, items []Item) []error {
	answers := make([]error, len(items))
	byShard := make([][]Command, len(s.committers))
	places := make([][]int, len(s.committers))
	for i, it := range items {
		byShard[it.Shard] = append(byShard[it.Shard], it.Command)
		places[it.Shard] = append(places[it.Shard], i)
	}
	var waiting sync.WaitGroup
	tickets := make([]*Ticket, len(s.committers))
	for shard, commands := range byShard {
		if len(commands) == 0 {
			continue
		}
		waiting.Add(1)
		ticket, err := s.committers[shard].Enqueue(urgent, waiting.Done, commands...)
		if err != nil {
			waiting.Done()
			for _, i := range places[shard] {
				answers[i] = err
			}
			continue
		}
		tickets[shard] = ticket
	}
	waiting.Wait()
	for shard, ticket := range tickets {
		if ticket == nil {
			continue
		}
		for j, i := range places[shard] {
			answers[i] = ticket.Errs[j]
		}
	}
	return answers
}
