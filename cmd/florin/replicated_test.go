package main

import (
	"errors"
	"testing"

	"florin/store"
)

var errSkewed = errors.New("the clock is wrong")

// replicatedEngine is an engine with replicas, whose process's clock is wrong.
type replicatedEngine struct {
	engine
	written []store.Place
}

func (r replicatedEngine) Written() []store.Place { return r.written }
func (replicatedEngine) Lacks(int) string         { return "a replica" }
func (replicatedEngine) Ready() error             { return errSkewed }

func TestWhatAnEngineMayBeBesides(t *testing.T) {
	t.Parallel()
	plain := &node{store: struct{ engine }{}}
	if plain.lacks() != nil || plain.written() != nil || plain.ready() != nil {
		t.Error("an engine that says nothing is asked")
	}
	n := &node{store: replicatedEngine{}}
	if n.written() != nil {
		t.Error("without replicas places are told")
	}
	if n.lacks()(0) != "a replica" || !errors.Is(n.ready()(), errSkewed) {
		t.Error("what the engine says is not told")
	}
	n.store = replicatedEngine{written: []store.Place{7}}
	if places := n.written()(); len(places) != 1 || places[0] != 7 {
		t.Errorf("the places are %v", places)
	}
}
