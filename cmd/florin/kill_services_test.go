//go:build services

package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/bench"
	"florin/internal/pgtest"
)

// loaded is bench's load of single payments on a cluster's processes, with a
// journal of what was acknowledged. It repeats what is not answered.
type loaded struct {
	c       *cluster
	file    string
	journal *bench.Journal
	over    atomic.Bool
	asked   atomic.Int64
	running sync.WaitGroup
	got     bench.Measured
	err     error
}

// payers asks for payments of users drawn evenly, until the load is over.
type payers struct{ *loaded }

// Next implements bench.Traffic.
func (p payers) Next(payments []bench.Payment) int {
	if p.over.Load() {
		return 0
	}
	p.asked.Add(1)
	payments[0] = bench.Payment{UserID: 1 + rand.Int64N(200), Minor: 100 + rand.Int64N(10_000), Method: "pm_card_visa"}
	return 1
}

// load starts processes, which are started again when they die, and the load.
func (c *cluster) load(processes int) *loaded {
	c.t.Helper()
	l := &loaded{c: c, file: filepath.Join(c.t.TempDir(), "told.jsonl")}
	var err error
	if l.journal, err = bench.OpenJournal(l.file); err != nil {
		c.t.Fatal(err)
	}
	target := bench.Target{APIKey: c.secret, Repeat: true}
	for range processes {
		target.Addrs = append(target.Addrs, c.startAgain(true).Addr)
	}
	work := bench.Load{
		Target: target, Clients: 16, Keys: "kill", Journal: l.journal, Traffic: func(int) bench.Traffic { return payers{l} },
	}
	l.running.Go(func() { l.got, l.err = work.Run(context.Background(), 0, 0) })
	c.t.Cleanup(l.end)
	return l
}

// end ends the load; a second call does nothing.
func (l *loaded) end() {
	if l.over.Swap(true) {
		return
	}
	l.running.Wait()
	if err := l.journal.Close(); err != nil || l.err != nil {
		l.c.t.Errorf("the load: %v; the journal: %v", l.err, err)
	}
}

// awaitPayments waits until so many more have been asked for, and so nearly as many
// answered.
func (l *loaded) awaitPayments(more int64) {
	l.c.t.Helper()
	before := l.asked.Load()
	l.c.await("payments", func() bool { return l.asked.Load() >= before+more })
}

// kill ends a process with SIGKILL, and waits until it is there again.
func (l *loaded) kill(process int) {
	l.c.t.Helper()
	server := l.c.processes[process]
	before := server.Restarts()
	found, err := os.FindProcess(server.PID())
	if err == nil {
		err = found.Kill()
	}
	if err != nil {
		l.c.t.Fatal(err)
	}
	l.c.await("the process that was killed", func() bool {
		return server.Restarts() > before && l.c.call(process, http.MethodGet, "/readyz", "", "").status == http.StatusOK
	})
}

// check ends the load, and holds what was told against what there is.
func (l *loaded) check() {
	l.c.t.Helper()
	l.end()
	for _, p := range l.got.Open {
		l.c.await("the outcome of a payment", func() bool {
			return l.c.get(0, "/payments/"+p.ID).field("status") != "processing"
		})
	}
	report := l.c.audit("--journal", l.file)
	told := l.got.Settled()
	if n := report.Totals; told == 0 || n.Acknowledgements != told || n.Payments < told {
		l.c.t.Errorf("%d payments were acknowledged, the audit says %+v", told, n)
	}
	l.c.t.Logf("%d payments, %d acknowledged; open %+v; the load in %s: %s", report.Totals.Payments, told, report.Open,
		l.got.Took.Round(time.Second), l.got.String())
}

// rounds is how often the kills are repeated.
func rounds() int {
	if isLong() {
		return 5
	}
	return 2
}

// TestKilled kills, in the middle of a load on two processes, one of them, and then
// a server of PostgreSQL: every payment that was acknowledged is there.
func TestKilled(t *testing.T) {
	t.Parallel()
	rest, server := pgtest.Shared(t), pgtest.New(t)
	l := newCluster(t, server.Database(t), rest.Database(t), rest.Database(t), server.Database(t)).load(2)
	for round := range rounds() {
		l.awaitPayments(300)
		l.kill(round % 2)
		l.awaitPayments(300)
		server.Crash(t)
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		server.Start(t)
	}
	l.awaitPayments(300)
	l.check()
}
