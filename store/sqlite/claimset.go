package sqlite

import (
	"errors"
	"sync"
	"sync/atomic"
)

// claimSet knows which hashes surely no claim has. It keeps 37 bits of each in
// some 7 bytes a claim: with 2.5 million in a shard one new key in 50,000 is
// taken for a known one, which costs a look into the table.
//
// It is cut into parts that grow on their own, so that none takes long. It is
// filled beside the shard's work when the store is opened, and knows nothing
// until then.
type claimSet struct {
	parts [64]fingerprints
	ready atomic.Bool
	quit  chan struct{}
	done  sync.WaitGroup
}

// fingerprints is an open-addressed set of numbers other than 0.
type fingerprints struct {
	mu    sync.RWMutex
	slots []uint32 // a power of two; 0 is empty
	used  int
}

func newClaimSet() *claimSet { return &claimSet{quit: make(chan struct{})} }

// The index has all that is asked for, and is a tenth of the table.
var selectHashes = define(`SELECT hash FROM claims INDEXED BY claims_hash WHERE generation >= ? AND id > ?`)

var errStopped = errors.New("stopped")

// load adds the claims whose id is above after.
func (set *claimSet) load(c *conn, after int64) error {
	s, err := c.query(selectHashes)
	if err != nil {
		return err
	}
	s.bindInt(after / generationSize)
	s.bindInt(after)
	return s.each(func(s *stmt) error {
		select {
		case <-set.quit:
			return errStopped
		default:
			set.add(s.int())
			return nil
		}
	})
}

// fill adds all claims of a file. Those that are committed meanwhile add
// themselves. When it cannot read them the set stays unready, which costs time
// and nothing else.
func (set *claimSet) fill(path string) {
	c, err := openReader(path)
	if err != nil {
		return
	}
	defer c.close()
	if set.load(c, 0) == nil {
		set.ready.Store(true)
	}
}

// start fills the set beside the caller; stop ends that.
func (set *claimSet) start(path string) {
	set.done.Go(func() { set.fill(path) })
}

func (set *claimSet) stop() {
	if set == nil {
		return
	}
	close(set.quit)
	set.done.Wait()
}

// place returns the part and the fingerprint of a hash.
func (set *claimSet) place(hash int64) (*fingerprints, uint32) {
	x := uint64(hash) // mixed as MurmurHash3 ends, for hashes that are small numbers
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return &set.parts[x>>58], uint32(x) | 1
}

// lacks tells that surely no claim has the hash. A nil set never tells.
func (set *claimSet) lacks(hash int64) bool {
	if set == nil || !set.ready.Load() {
		return false
	}
	part, mark := set.place(hash)
	part.mu.RLock()
	defer part.mu.RUnlock()
	return len(part.slots) == 0 || part.slots[part.find(mark)] == 0
}

func (set *claimSet) add(hash int64) {
	if set == nil {
		return
	}
	part, mark := set.place(hash)
	part.mu.Lock()
	defer part.mu.Unlock()
	part.add(mark)
}

// find returns the slot that holds mark, or the empty one where it belongs.
func (f *fingerprints) find(mark uint32) int {
	mask := len(f.slots) - 1
	at := int(mark>>1) & mask
	for f.slots[at] != 0 && f.slots[at] != mark {
		at = (at + 1) & mask
	}
	return at
}

func (f *fingerprints) add(mark uint32) {
	if 4*(f.used+1) > 3*len(f.slots) {
		old := f.slots
		f.slots = make([]uint32, max(64, 2*len(old)))
		for _, p := range old {
			if p != 0 {
				f.slots[f.find(p)] = p
			}
		}
	}
	if at := f.find(mark); f.slots[at] == 0 {
		f.slots[at] = mark
		f.used++
	}
}
