package main

import "florin/store"

// lacks returns what tells what a shard that works is without; nil for an engine
// that has nothing to be without.
func (n *node) lacks() func(shard int) string {
	if s, ok := n.store.(store.Replicated); ok {
		return s.Lacks
	}
	return nil
}

// written returns what tells how far this process has written; nil for an engine
// without replicas.
func (n *node) written() func() []store.Place {
	if s, ok := n.store.(store.Replicated); ok && s.Written() != nil {
		return s.Written
	}
	return nil
}

// ready returns what tells why the process should not be sent requests; nil for an
// engine that never knows.
func (n *node) ready() func() error {
	if s, ok := n.store.(store.Guarded); ok {
		return s.Ready
	}
	return nil
}
