package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
)

// series finds the series of a set of labels. Reading is a map lookup; the map
// is copied when labels come up for the first time, so there must be few.
type series[K comparable, V any] struct {
	resolve func(K) V
	known   atomic.Pointer[map[K]V]
	mu      sync.Mutex // over adding
}

func (s *series[K, V]) of(labels K) V {
	if known := s.known.Load(); known != nil {
		if v, ok := (*known)[labels]; ok {
			return v
		}
	}
	return s.add(labels)
}

func (s *series[K, V]) add(labels K) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[K]V{}
	if old := s.known.Load(); old != nil {
		maps.Copy(known, *old)
	}
	v := s.resolve(labels)
	known[labels] = v
	s.known.Store(&known)
	return v
}
