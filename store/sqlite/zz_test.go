package sqlite_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"florin/ident"
	"florin/store"
	"florin/store/sqlite"
)

func TestZZReads(t *testing.T) {
	start := time.Now()
	s := open(t, sqlite.Config{Dir: os.Getenv("FLORIN_BENCH_STORE")})
	t.Log("open", time.Since(start))
	time.Sleep(5 * time.Second)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	t.Log("heap", m.HeapAlloc>>20)
	ctx := t.Context()
	var ids []ident.ID
	for range 2000 {
		shard := rand.IntN(4)
		n, _ := s.Query(shard, "SELECT id FROM payments WHERE generation = "+"abs(random()) % (SELECT max(generation) FROM payments)"+" LIMIT 1")
		low, _ := s.Query(shard, "SELECT id_low FROM payments WHERE id = "+itoa(n))
		ids = append(ids, ident.FromHalves(n, low))
	}
	timed := func(name string, n int, f func(i int)) {
		start := time.Now()
		for i := range n {
			f(i)
		}
		t.Log(name, time.Since(start)/time.Duration(n))
	}
	timed("payment", len(ids), func(i int) {
		if p, err := s.Payment(ctx, ids[i]); err != nil || len(p.Attempts) != 1 {
			t.Fatal(err)
		}
	})
	timed("payment again", len(ids), func(i int) { s.Payment(ctx, ids[i]) })
	timed("find claim, new", 100000, func(i int) {
		s.FindClaim(ctx, i&3, store.Claim{Hash: int64(rand.Uint64()), UserID: 1})
	})
	timed("of user, 10", 200, func(i int) {
		u := rand.Int64N(1000000)
		if _, err := s.Payments(ctx, int(u&3), store.PaymentQuery{UserID: u, Page: store.Page{Limit: 10}}); err != nil {
			t.Fatal(err)
		}
	})
	timed("newest 100", 200, func(i int) {
		if _, err := s.Payments(ctx, i&3, store.PaymentQuery{Page: store.Page{Limit: 100}}); err != nil {
			t.Fatal(err)
		}
	})
	timed("snapshot payments", 1, func(i int) {
		v, _ := s.Snapshot(ctx, 0)
		defer v.Close()
		audit(t, s)
	})
}
func itoa(n int64) string { return time.Duration(n).String()[:0] + fmtInt(n) }
func fmtInt(n int64) string { b := []byte{}; for n > 0 { b = append([]byte{byte('0' + n%10)}, b...); n /= 10 }; return string(b) }
