package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"florin/api"
	"florin/flow"
	"florin/payment"
)

const typical = `{"user_id":123456,"amount":1099,"currency":"USD","payment_method":"pm_card_visa","confirm":true,` +
	`"description":"Order 1001","metadata":{"order":"1001","shop":"berlin"}}`

func BenchmarkDecodePayment(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		var d api.Decoder
		text := []byte(typical)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Payment(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		text := []byte(typical)
		b.ReportAllocs()
		for b.Loop() {
			var r api.PaymentRequest
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(&r); err != nil {
				b.Fatal(err)
			}
			if _, err := d.Token(); !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodePayment(b *testing.B) {
	flows := newFlows()
	var d api.Decoder
	r, err := d.Payment([]byte(typical))
	if err != nil {
		b.Fatal(err)
	}
	result, _ := flows.Authorize(context.Background(), r)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			out = api.AppendPayment(out[:0], &result.Payment, false)
		}
		b.SetBytes(int64(len(out)))
	})
	b.Run("encoding-json", func(b *testing.B) {
		v := asStruct(result.Payment, false)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// idleFlows answer at once, so that what is measured is the API.
type idleFlows struct {
	*fakeFlows
	payment payment.Payment
}

func (f idleFlows) Authorize(_ context.Context, r flow.Authorize) (flow.Result, error) {
	p := f.payment
	p.UserID, p.Amount, p.Details = r.UserID, r.Amount, r.Details
	return flow.Result{Payment: p}, nil
}

func (f idleFlows) AuthorizeBatch(ctx context.Context, requests []flow.Authorize) []flow.BatchResult {
	results := make([]flow.BatchResult, len(requests))
	for i, r := range requests {
		results[i].Result, _ = f.Authorize(ctx, r)
	}
	return results
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(status int)      { n.status = status }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }

// repeat is a body that can be read again.
type repeat struct{ strings.Reader }

func (*repeat) Close() error { return nil }

func idleServer(b *testing.B) *server {
	flows := newFlows()
	var d api.Decoder
	r, err := d.Payment([]byte(typical))
	if err != nil {
		b.Fatal(err)
	}
	result, _ := flows.Authorize(context.Background(), r)
	return newServer(b, func(c *api.Config) { c.Flows = idleFlows{flows, result.Payment} })
}

func benchmarkPath(b *testing.B, path, text, key string, status int) {
	s := idleServer(b)
	body := &repeat{*strings.NewReader(text)}
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	r.ContentLength = int64(len(text))
	w := &nowhere{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(text)
		r.Body = body
		clear(w.header)
		s.api.ServeHTTP(w, r)
		if w.status != status {
			b.Fatalf("got %d", w.status)
		}
	}
}

// BenchmarkCreatePayment is the whole path of a request but net/http's own part
// and the flow.
func BenchmarkCreatePayment(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkPath(b, paymentsPath, typical, "", 201) })
	b.Run("key", func(b *testing.B) { benchmarkPath(b, paymentsPath, typical, "order-1001", 201) })
}

func BenchmarkCreateBatch(b *testing.B) {
	for _, n := range []int{10, 500} {
		body := batchOf(strings.Split(strings.Repeat(typical+"\n", n), "\n")[:n]...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchmarkPath(b, batchPath, body, "", 200)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/payment")
		})
	}
}
