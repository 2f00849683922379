//go:build services

package postgres

// Supersede lets the store know of a primary of a shard that has taken over from the
// one that it is connected to.
func (s *Store) Supersede(shard int) {
	sh := s.shards[shard]
	next := sh.generation()
	next.epoch++
	next.timeline++
	sh.learnOf(next)
}
