package simulated_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
)

func charging(b *testing.B, g *simulated.Gateway) {
	ctx := context.Background()
	c := newCharge(100)
	b.ReportAllocs()
	for b.Loop() {
		c.Operation = ids.New(user)
		if _, err := g.Charge(ctx, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChargeInMemory(b *testing.B) { charging(b, open(b, simulated.Config{})) }

func BenchmarkCharge(b *testing.B) { charging(b, open(b, simulated.Config{Dir: b.TempDir()})) }

func BenchmarkChargeBesideAnother(b *testing.B) {
	dir := b.TempDir()
	open(b, simulated.Config{Dir: dir})
	charging(b, open(b, simulated.Config{Dir: dir}))
}

// BenchmarkWrite is what the journal's write alone costs on this machine.
func BenchmarkWrite(b *testing.B) {
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "f"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	line := make([]byte, 290)
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefund(b *testing.B) {
	g := open(b, simulated.Config{Dir: b.TempDir()})
	ctx := context.Background()
	c := newCharge(1 << 40)
	want(b, gateway.Approved, "")(g.Charge(ctx, c))
	r := newRefund(c, 1)
	for b.Loop() {
		r.Operation = ids.New(user)
		if _, err := g.Refund(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	g := open(b, simulated.Config{Dir: b.TempDir()})
	ctx := context.Background()
	c := newCharge(100)
	want(b, gateway.Approved, "")(g.Charge(ctx, c))
	for b.Loop() {
		if _, err := g.Resolve(ctx, c.Operation); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen reads 2,000,000 operations and tells what they take in memory.
func BenchmarkOpen(b *testing.B) {
	const operations = 2_000_000
	dir := b.TempDir()
	g, err := simulated.Open(simulated.Config{Name: "test", Dir: dir, Chance: seeded(1)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	var charged ident.ID
	for i := range operations {
		c := newCharge(100)
		if i%4 == 3 {
			if _, err := g.Refund(ctx, gateway.Refund{Operation: c.Operation, Charge: charged, Amount: euros(10)}); err != nil {
				b.Fatal(err)
			}
			continue
		}
		if _, err := g.Charge(ctx, c); err != nil {
			b.Fatal(err)
		}
		charged = c.Operation
	}
	if err := g.Close(); err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		g, err := simulated.Open(simulated.Config{Name: "test", Dir: dir, Chance: seeded(1)})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/(1<<20), "MB")
		if err := g.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
