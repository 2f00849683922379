package postgres_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"florin/store"
	"florin/store/postgres"
)

// TestOrderByWeight: each replica comes first as often as its part of the weights
// says, and every one comes.
func TestOrderByWeight(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	weights, first := []int{1, 3, 6}, make([]int, 3)
	const rounds = 10_000
	for range rounds {
		order := postgres.Order(weights, chance.IntN)
		first[order[0]]++
		if slices.Sort(order); !slices.Equal(order, []int{0, 1, 2}) {
			t.Fatalf("the order is of %v", order)
		}
	}
	for i, weight := range weights {
		if want := rounds * weight / 10; first[i] < want*9/10 || first[i] > want*11/10 {
			t.Errorf("weight %d comes first %d times of %d", weight, first[i], rounds)
		}
	}
}

// TestLag: a state is as old as the primary's last place that it has, and of one
// from before what is remembered nobody knows.
func TestLag(t *testing.T) {
	t.Parallel()
	growing := []store.Place{100, 110, 120, 130, 130, 140}
	for _, c := range []struct {
		name   string
		places []store.Place
		place  store.Place
		want   time.Duration
		known  bool
	}{
		{"has all", growing, 140, 0, true},
		{"is further than was seen", growing, 150, 0, true},
		{"waits for the last", growing, 139, time.Second, true},
		{"was there before", growing, 129, 3 * time.Second, true},
		{"the oldest", growing, 100, 5 * time.Second, true},
		{"before the oldest", growing, 99, 0, false},
		{"nothing is known", nil, 99, 0, false},
		{"another primary, not reached", []store.Place{500, 600, 90}, 89, 0, false},
		{"another primary, reached", []store.Place{500, 600, 90}, 90, 0, true},
	} {
		lag, known := postgres.Lags(time.Minute, c.places)(c.place)
		if lag != c.want || known != c.known {
			t.Errorf("%s: the lag is %s, %t", c.name, lag, known)
		}
	}
	var long []store.Place
	for i := range 100 {
		long = append(long, store.Place(i))
	}
	lag := postgres.Lags(5*time.Second, long)
	if _, known := lag(80); known {
		t.Error("what is longer ago than the most is remembered")
	}
	if behind, known := lag(95); !known || behind != 4*time.Second {
		t.Errorf("the lag is %s, %t", behind, known)
	}
}

// TestJudge: what is no standby, or follows another primary, is not read from.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		view postgres.View
		good bool
	}{
		"follows":                        {postgres.View{true, 2, 3, 3}, true},
		"its own timeline is not told":   {postgres.View{true, 2, 3, 0}, true},
		"was promoted":                   {postgres.View{false, 2, 3, 3}, false},
		"follows the primary of before":  {postgres.View{true, 1, 2, 2}, false},
		"has a lower epoch":              {postgres.View{true, 1, 3, 3}, false},
		"follows one that was promoted":  {postgres.View{true, 2, 3, 4}, false},
		"knows a primary that we do not": {postgres.View{true, 3, 4, 4}, false},
	} {
		if err := c.view.Judge(2, 3); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestClock: two seconds are the most, and what the question took is nobody's.
func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		there time.Duration
		took  time.Duration
		good  bool
	}{
		"the same":              {0, 0, true},
		"two seconds behind":    {-2 * time.Second, 0, true},
		"more behind":           {-2001 * time.Millisecond, 0, false},
		"more ahead":            {2001 * time.Millisecond, 0, false},
		"ahead, a slow answer":  {4 * time.Second, 2 * time.Second, true},
		"behind, a slow answer": {-2500 * time.Millisecond, 10 * time.Second, false},
	} {
		if err := postgres.ClockError(now.Add(c.there), now, now.Add(c.took)); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrittenNeverGoesBack(t *testing.T) {
	t.Parallel()
	if got := postgres.Written(3, 9, 4); got != 9 {
		t.Errorf("it is %d", got)
	}
}
