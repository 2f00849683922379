package api

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"

	"florin/access"
	"florin/problem"
	"florin/store"
)

// consistencyHeader is the header with which an answer to a write tells how far it
// has written, and a request that nothing older may be answered.
const consistencyHeader = "Florin-Consistency"

// consistencyVersion is what its values begin with.
const consistencyVersion = 1

// maxConsistency is the length of the longest value that is read: 256 shards'.
const maxConsistency = 4096

// seen is how far the clients of each API key have written through this process.
type seen struct {
	mu sync.Mutex
	of map[access.Hash][]store.Place
}

// get returns the places of a key; they are not changed any more.
func (s *seen) get(key access.Hash) []store.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[key]
}

// raise takes over places that are further.
func (s *seen) raise(key access.Hash, places []store.Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[access.Hash][]store.Place{}
	}
	s.of[key] = furthest(s.of[key], places)
}

// furthest returns, by shard, the further of two places.
func furthest(a, b []store.Place) []store.Place {
	if len(a) < len(b) {
		a, b = b, a
	}
	all := slices.Clone(a)
	for i, place := range b {
		all[i] = max(all[i], place)
	}
	return all
}

// consistent reads what the caller says it has written, and lets a route that may
// answer what is some seconds old do so, but nothing older than that.
func (c *call) consistent() error {
	if c.api.cfg.Written == nil || !c.route.writes() && !c.route.doc.stale {
		return nil
	}
	if header := c.r.Header[consistencyHeader]; len(header) > 0 {
		places, ok := parsePlaces(header[0])
		if !ok || len(header) > 1 {
			return problem.Invalid(consistencyHeader, "must be one, as an answer told it")
		}
		c.least = places
	}
	if !c.route.doc.stale {
		return nil
	}
	if c.least != nil && len(c.least) != c.api.cfg.Shards {
		return nil // of a store that had another number of shards: ask the primaries
	}
	least := furthest(c.api.seen.get(c.key), c.least)
	c.r = c.r.WithContext(store.Stale(c.r.Context(), least))
	return nil
}

// tellPlaces tells the caller of a write how far it has written, and remembers it
// for its key. What the caller has told is told back, but not believed.
func (c *call) tellPlaces() {
	if c.api.cfg.Written == nil || !c.keyed || !c.route.writes() {
		return
	}
	places := c.api.cfg.Written()
	c.api.seen.raise(c.key, places)
	if len(c.least) == len(places) {
		places = furthest(places, c.least)
	}
	c.w.Header()[consistencyHeader] = []string{placesText(places)}
}

// placesText writes places.
func placesText(places []store.Place) string {
	text := []byte{consistencyVersion}
	for _, place := range places {
		text = binary.AppendUvarint(text, uint64(place))
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parsePlaces reads what placesText wrote.
func parsePlaces(text string) ([]store.Place, bool) {
	if len(text) > maxConsistency {
		return nil, false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < 2 || data[0] != consistencyVersion {
		return nil, false
	}
	var places []store.Place
	for data = data[1:]; len(data) > 0; {
		place, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, false
		}
		places, data = append(places, store.Place(place)), data[n:]
	}
	return places, true
}
