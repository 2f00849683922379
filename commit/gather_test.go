package commit

import (
	"math/rand/v2"
	"testing"

	"florin/store"
)

// keyed is a command with a key of a few.
type keyed struct {
	Command

	number int
	claim  store.Claim
}

func (k *keyed) Claim() *store.Claim { return &k.claim }

// TestGather: whatever is queued between two groups, each command is in one group,
// no group has two with one key, none is too large, and of one key the first comes
// first.
func TestGather(t *testing.T) {
	t.Parallel()
	const most = 8
	random := rand.New(rand.NewPCG(1, 2))
	c := New(Config{MaxGroup: most})
	queued, seen := 0, map[int]bool{}
	last := map[int64]int{}
	for round := 0; round < 2_000 || len(seen) < queued; round++ {
		if round < 2_000 {
			commands := make([]Command, random.IntN(12))
			for i := range commands {
				commands[i] = &keyed{number: queued, claim: store.Claim{Hash: random.Int64N(30)}}
				queued++
			}
			if _, err := c.Enqueue(true, func() {}, commands...); err != nil {
				t.Fatal(err)
			}
		}
		before := c.Len()
		group := c.gather()
		if len(group) > most || len(group) == 0 && before > 0 || c.Len() != before-len(group) {
			t.Fatalf("a group of %d; %d were waiting, %d are", len(group), before, c.Len())
		}
		keys := map[int64]bool{}
		for _, it := range group {
			k := it.command.(*keyed)
			if seen[k.number] || keys[k.claim.Hash] || k.number < last[k.claim.Hash] {
				t.Fatalf("command %d with key %d: twice %v, its key twice %v, after %d", k.number, k.claim.Hash, seen[k.number],
					keys[k.claim.Hash], last[k.claim.Hash])
			}
			seen[k.number], keys[k.claim.Hash], last[k.claim.Hash] = true, true, k.number
		}
	}
	if queued < 5_000 {
		t.Errorf("only %d commands were queued", queued)
	}
}
