//go:build unix

package flow_test

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"florin/flow"
)

// BenchmarkTransferBatch moves money between 10,000 users in batches, from 4
// callers; one operation is one batch. It reports transfers/s, and the
// processor's time, which other work on the machine moves least.
func BenchmarkTransferBatch(b *testing.B) {
	for _, c := range []struct {
		name string
		same bool
		size int
	}{{"same", true, 2000}, {"same", true, 10_000}, {"random", false, 2000}} {
		b.Run(c.name+strconv.Itoa(c.size), func(b *testing.B) {
			w := newWorld(b)
			const users = 10_000
			var all []int64
			for user := int64(1); user <= users; user++ {
				all = append(all, user)
			}
			w.fund(b, 1_000_000_000, all...)
			var seed atomic.Uint64
			before, began := processorTime(b), time.Now()
			b.SetParallelism(2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				chance := rand.New(rand.NewPCG(seed.Add(1), 1))
				requests := make([]flow.Transfer, c.size)
				for pb.Next() {
					for i := range requests {
						from := chance.Int64N(users) + 1
						to := chance.Int64N(users) + 1
						if c.same {
							to = (from+4*(chance.Int64N(users/4-1)+1)-1)%users + 1
						}
						if to == from {
							to = from%users + 1
						}
						requests[i] = transfer(from, to, 1+int64(i%100))
					}
					for _, r := range w.flow.TransferBatch(b.Context(), requests) {
						if r.Err != nil {
							b.Error(r.Err)
							return
						}
					}
				}
			})
			n := float64(b.N * c.size)
			b.ReportMetric(n/time.Since(began).Seconds(), "transfers/s")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/n, "cpu-µs/transfer")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
