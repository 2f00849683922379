package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// The streams of chance that one seed feeds, so that a change in one of them
// leaves the others as they were.
const (
	streamSchedule = iota + 1
	streamFaults
	streamIDs
	streamWorkload
	streamGateways
)

// dice is chance that comes back with its seed.
type dice struct{ *rand.Rand }

// newDice mixes seed and stream well: people count seeds from 0.
func newDice(seed, stream uint64) dice {
	text := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), stream)
	return dice{rand.New(rand.NewChaCha8(sha256.Sum256(text)))}
}

// hit draws whether something of that probability happens.
func (d dice) hit(p float64) bool { return p > 0 && d.Float64() < p }

// between draws a time, in whole milliseconds.
func (d dice) between(low, high time.Duration) time.Duration {
	span := (high-low)/time.Millisecond + 1
	return low + time.Duration(d.Int64N(int64(span)))*time.Millisecond
}

// pick draws one of some.
func pick[T any](d dice, some ...T) T { return some[d.IntN(len(some))] }

// weighted draws an index by its weight.
func weighted(d dice, weights ...int) int {
	total := 0
	for _, weight := range weights {
		total += weight
	}
	at := d.IntN(total)
	for i, weight := range weights {
		if at -= weight; at < 0 {
			return i
		}
	}
	panic("sim: a draw is beyond all weights")
}
