package flow_test

import (
	"sync/atomic"
	"testing"

	"florin/flow"
	"florin/payment"
)

// BenchmarkBatch charges payments of 10,000 users in batches of 500 from 8
// callers; one operation is one payment.
func BenchmarkBatch(b *testing.B) {
	w := newWorld(b)
	const size = 500
	var user, key atomic.Int64
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		requests := make([]flow.Authorize, 0, size)
		for more := true; more; {
			requests = requests[:0]
			for len(requests) < size {
				if more = pb.Next(); !more {
					break
				}
				r := withKey(authorize(user.Add(7919)%10_000+1, "pm_card_visa"), "")
				r.Idempotency.Key = "key-" + string(appendKey(nil, key.Add(1)))
				requests = append(requests, r)
			}
			for _, result := range w.flow.AuthorizeBatch(b.Context(), requests) {
				if result.Err != nil || result.Payment.Status != payment.Succeeded {
					b.Errorf("%s, %v", result.Payment.Status, result.Err)
				}
			}
		}
	})
}

func appendKey(dst []byte, n int64) []byte {
	for range 12 {
		dst = append(dst, byte('a'+n%26))
		n /= 26
	}
	return dst
}
