//go:build services

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/bench"
	"florin/internal/pgtest"
)

// newClusterWithout returns a cluster whose fourth shard has a server of its own,
// which may be taken away.
func newClusterWithout(t *testing.T, settings ...string) (*cluster, *pgtest.Server) {
	t.Helper()
	stays, goes := pgtest.Shared(t), pgtest.New(t, settings...)
	dsn := func(s *pgtest.Server) string { return s.Database(t) }
	c := newCluster(t, dsn(stays), dsn(stays), dsn(stays), dsn(goes))
	c.start()
	return c, goes
}

// ofShard returns the i-th user of a shard.
func ofShard(shard, i int) int { return 4*(i+1) + shard }

// asked are requests of a user, each of another kind.
func (c *cluster) asked(user, i int) answer {
	switch i % 6 {
	case 0:
		return c.post(0, "/payments", payment(user, 100, ""))
	case 1:
		return c.call(0, http.MethodPost, "/api/v1/payments", payment(user, 100, ""), fmt.Sprint("asked ", user, i))
	case 2:
		return c.get(0, fmt.Sprintf("/wallets/%d", user))
	case 3:
		return c.post(0, fmt.Sprintf("/wallets/%d/adjustments", user),
			fmt.Sprintf(`{"amount":100,"currency":"USD","transaction_id":"a%d","reason":"test"}`, i))
	case 4:
		return c.get(0, fmt.Sprintf("/payments?user_id=%d", user))
	default:
		return c.post(0, "/payment_methods", fmt.Sprintf(
			`{"user_id":%d,"card":{"number":"4242424242424242","exp_month":12,"exp_year":2070,"cvc":"123"}}`, user))
	}
}

// TestShardThatIsAway: while a shard's server is down, or frozen, its users are
// told at once, after 3 s at most the first time; the users of the other shards
// notice nothing; and it comes back by itself.
func TestShardThatIsAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin, end func(*pgtest.Server, testing.TB)
		first      time.Duration // how long the first requests may take
	}{
		"down":   {(*pgtest.Server).Crash, (*pgtest.Server).Start, time.Second},
		"frozen": {(*pgtest.Server).Freeze, (*pgtest.Server).Thaw, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := newClusterWithout(t)
			others := c.keepAsking(0, 1, 2)
			under := c.keepAsking(3) // so that Txs are in all stages when it happens
			time.Sleep(500 * time.Millisecond)
			fault.begin(server, t)
			time.Sleep(fault.first + 200*time.Millisecond)
			for range 3 {
				for i, a := range together(24, func(i int) answer { return c.asked(ofShard(3, i), i) }) {
					if a.status != http.StatusServiceUnavailable || a.retry == "" || a.took > 500*time.Millisecond {
						t.Errorf("request %d is answered %d, %v, Retry-After %q, after %s: %s", i%6, a.status, a.err, a.retry, a.took,
							a.body)
					}
				}
			}
			fault.end(server, t)
			c.await("the shard", func() bool { return c.asked(ofShard(3, 1000), 0).status == http.StatusCreated })
			slow := under.stop()
			if slow.longest > fault.first+fault.first/5 {
				t.Errorf("a request took %s", slow.longest)
			}
			if n := others.stop(); n.refused > 0 || n.longest > 2*time.Second || n.answered < 50 {
				t.Errorf("the other shards: %+v", n)
			} else {
				t.Logf("the other shards: %+v; this one: %+v", n, slow)
			}
			c.audit()
		})
	}
}

// asking is requests that go on in the background.
type asking struct {
	running                        sync.WaitGroup
	over                           atomic.Bool
	answered, refused, longestTook atomic.Int64
}

// heard is what was answered to them.
type heard struct {
	answered, refused int64
	longest           time.Duration
}

// keepAsking asks for users of some shards, until it is stopped.
func (c *cluster) keepAsking(shards ...int) *asking {
	a := &asking{}
	for _, shard := range shards {
		for client := range 6 {
			a.running.Go(func() {
				for i := client; !a.over.Load(); i += 7 {
					got := c.asked(ofShard(shard, 100+i), i)
					a.answered.Add(1)
					if got.err != nil || got.status >= http.StatusInternalServerError {
						a.refused.Add(1)
					}
					for longest := a.longestTook.Load(); int64(got.took) > longest; longest = a.longestTook.Load() {
						a.longestTook.CompareAndSwap(longest, int64(got.took))
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
	}
	c.t.Cleanup(func() { a.stop() })
	return a
}

func (a *asking) stop() heard {
	a.over.Store(true)
	a.running.Wait()
	return heard{a.answered.Load(), a.refused.Load(), time.Duration(a.longestTook.Load())}
}

// usersOf asks for payments of the users of some shards.
type usersOf []int

// Next implements bench.Traffic.
func (shards usersOf) Next(payments []bench.Payment) int {
	user := ofShard(shards[rand.IntN(len(shards))], rand.IntN(100))
	payments[0] = bench.Payment{UserID: int64(user), Minor: 100 + rand.Int64N(1_000), Method: "pm_card_visa"}
	return 1
}

// TestOthersWhileFrozen offers half of what goes at most, a quarter of it to a shard
// that freezes meanwhile: the users of the other shards get what they ask for.
func TestOthersWhileFrozen(t *testing.T) {
	t.Parallel()
	c, server := newClusterWithout(t)
	run := func(name string, window time.Duration, rate float64, shards ...int) (bench.Measured, error) {
		load := bench.Load{
			Target:  bench.Target{APIKey: c.secret, Addrs: []string{c.processes[0].Addr}},
			Clients: 64, Keys: name, Rate: rate, Traffic: func(int) bench.Traffic { return usersOf(shards) },
		}
		return load.Run(context.Background(), 500*time.Millisecond, window)
	}
	window, least := 2*time.Second, 0.7 // the other tests want their part of the machine
	if isLong() {
		window, least = 10*time.Second, 0.9
	}
	most, err := run("most", window, 0, 0, 1, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	half := float64(most.Settled()) / most.Took.Seconds() / 2
	var others bench.Measured
	var loads sync.WaitGroup
	loads.Go(func() { _, _ = run("frozen", 3*window, half/4, 3) }) // it is refused: what it says does not count
	loads.Go(func() { others, err = run("others", 3*window, half*3/4, 0, 1, 2) })
	time.Sleep(window)
	server.Freeze(t)
	loads.Wait()
	server.Thaw(t)
	if err != nil {
		t.Errorf("a payment of another shard: %v", err)
	}
	done := float64(others.Settled()) / (half * 3 / 4 * others.Took.Seconds())
	t.Logf("at most %.0f payments a second; of half of that, the other shards' users had %.1f %%, p99 %s", 2*half,
		100*done, time.Duration(others.Latency.ValueAtQuantile(99))*time.Microsecond)
	if done < least {
		t.Errorf("the other shards' users had %.1f %%", 100*done)
	}
}
