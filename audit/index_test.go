package audit

import (
	"math/rand/v2"
	"testing"

	"florin/ident"
)

// TestIndexFindsEveryRow searches in every order, near and far from the last hit,
// for rows that are there once, twice, and not at all.
func TestIndexFindsEveryRow(t *testing.T) {
	t.Parallel()
	id := func(n int) ident.ID { return ident.FromHalves(int64(n), -1<<63) }
	chance := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 2, 3, 100, chunkSize, 3*chunkSize + 17} {
		var x index[int]
		for _, n := range chance.Perm(size) {
			x.add(id(2*n), n) // only the even ones are there
			if n%10 == 0 {
				x.add(id(2*n), n)
			}
		}
		x.sort()
		var at finger
		for range 20_000 {
			n := chance.IntN(2*size+4) - 2
			if chance.IntN(4) > 0 { // mostly near the last
				n = min(max(2*(int(at)+chance.IntN(7)-3), 0), 2*size+2)
			}
			n = max(n, 0)
			there := n%2 == 0 && n < 2*size
			if got := x.one(&at, id(n)); (got != nil) != there || there && *got != n/2 {
				t.Fatalf("of %d rows, %d is found as %v, want %v", size, n, got, there)
			}
			visits := 0
			x.each(&at, id(n), func(*int) { visits++ })
			if want := map[bool]int{true: 1}[there] + map[bool]int{true: 1}[there && n%20 == 0]; visits != want {
				t.Fatalf("of %d rows, %d is visited %d times, want %d", size, n, visits, want)
			}
		}
	}
}
