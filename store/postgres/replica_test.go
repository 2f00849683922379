//go:build services

package postgres_test

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"florin/access"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/pgtest"
	"florin/store"
	"florin/store/postgres"
)

// fleet is a primary with two replicas, and a store of one shard on them; a proxy
// stands before the second replica.
type fleet struct {
	*testing.T
	cfg      postgres.Config
	store    *postgres.Store
	replicas []*pgtest.Server
	names    []string // as ReadFrom tells them
	between  *proxy
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	primary := pgtest.New(t)
	f := &fleet{T: t}
	for range 2 {
		f.replicas = append(f.replicas, primary.Replica(t))
	}
	proxied, between := through(t, postgres.Config{Shards: []postgres.Shard{{DSN: f.replicas[1].DSN}}})
	f.between = between
	second, err := strconv.Atoi(strings.Split(strings.Split(proxied.Shards[0].DSN, "127.0.0.1:")[1], "/")[0])
	if err != nil {
		t.Fatal(err)
	}
	f.cfg = postgres.Config{
		Mode: access.Test, Pool: postgres.Pool{MaxSize: 12}, MaxLag: 3 * time.Second,
		Shards: []postgres.Shard{{DSN: primary.Database(t), Replicas: []postgres.Replica{
			{Host: "127.0.0.1", Port: f.replicas[0].Port, Weight: 10}, {Host: "127.0.0.1", Port: second, Weight: 30},
		}}},
	}
	for _, r := range f.cfg.Shards[0].Replicas {
		f.names = append(f.names, net.JoinHostPort(r.Host, strconv.Itoa(r.Port)))
	}
	if _, err := postgres.Migrate(t.Context(), f.cfg); err != nil {
		t.Fatal(err)
	}
	f.store = open(t, f.cfg)
	return f
}

// write writes a payment and returns its id.
func (f *fleet) write() ident.ID {
	f.Helper()
	p := newPayment(ids.New(4))
	if err := walk(f.Context(), f.store, p, ids.New(0), func(string) {}); err != nil {
		f.Fatal(err)
	}
	return p.ID
}

// list lists the newest payments, and tells who has answered.
func (f *fleet) list(least []store.Place) (list []ident.ID, from string) {
	f.Helper()
	ctx := store.Stale(f.Context(), least)
	rows, err := f.store.Payments(ctx, 0, store.PaymentQuery{Page: store.Page{Limit: 10}})
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range rows {
		list = append(list, p.ID)
	}
	return list, postgres.ReadFrom(ctx, 0)
}

// await asks until something is so.
func (f *fleet) await(what string, is func() bool) {
	f.Helper()
	for until := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			f.Fatalf("%s: not within 30 s; left out: %v", what, f.store.LeftOut(0))
		}
	}
}

// awaitOut waits until some replicas are left out, for a reason that says so, and
// the others are not.
func (f *fleet) awaitOut(reason string, which ...int) {
	f.Helper()
	f.await("left out", func() bool {
		for i, why := range f.store.LeftOut(0) {
			if out := slices.Contains(which, i); out != (why != nil) || out && !strings.Contains(why.Error(), reason) {
				return false
			}
		}
		return true
	})
}

func (f *fleet) on(replica *pgtest.Server, sql string) {
	f.Helper()
	if err := replica.Exec(f.Context(), sql); err != nil {
		f.Fatal(err)
	}
}

// TestReplicas: what may be stale is read from them by weight, and only while they
// follow.
func TestReplicas(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.awaitOut("")
	f.byWeight()
	f.ownWrites()
	f.paused()
	f.halted()
	f.frozen()
	f.promoted()
}

func (f *fleet) byWeight() {
	f.Helper()
	counts := map[string]int{}
	const reads = 400
	for range reads {
		_, from := f.list(nil)
		counts[from]++
	}
	if counts[""] > 0 || counts[f.names[0]] < reads/8 || counts[f.names[0]] > reads*3/8 {
		f.Errorf("reads of weights 10 and 30 went to %v", counts)
	}
	if lacks := f.store.Lacks(0); lacks != "" {
		f.Errorf("it lacks %s", lacks)
	}
	rows, err := f.store.Payments(f.Context(), 0, store.PaymentQuery{Page: store.Page{Limit: 1}})
	if err != nil || len(rows) > 0 {
		f.Errorf("%v, %v", rows, err)
	}
}

// ownWrites are read at once, and from replicas as soon as those have them.
func (f *fleet) ownWrites() {
	f.Helper()
	for range 100 {
		id := f.write()
		if list, from := f.list(f.store.Written()); list[0] != id {
			f.Fatalf("%q does not show what was just written", from)
		}
	}
	f.await("a replica has it", func() bool { _, from := f.list(f.store.Written()); return from != "" })
	id := f.write()
	stale := store.Stale(f.Context(), nil)
	if p, err := f.store.Payment(stale, id); err != nil || p.ID != id {
		f.Errorf("what a replica may not have yet: %v", err)
	}
	if events, err := f.store.Events(stale, 0, 0, 10); err != nil || postgres.ReadFrom(stale, 0) != "" && len(events) > 0 {
		f.Errorf("the feed: %v, %v", events, err)
	}
}

// paused replicas show what was before, and are left out once that is too old.
func (f *fleet) paused() {
	f.Helper()
	for _, r := range f.replicas {
		f.on(r, "SELECT pg_wal_replay_pause()")
	}
	f.await("paused", func() bool {
		before := f.write()
		time.Sleep(20 * time.Millisecond)
		list, from := f.list(nil)
		return from != "" && list[0] != before
	})
	id := f.write()
	if list, from := f.list(f.store.Written()); list[0] != id || from != "" {
		f.Errorf("an own write is read from %q", from)
	}
	if list, from := f.list(nil); slices.Contains(list, id) || from == "" {
		f.Errorf("%q has what is not replayed", from)
	}
	f.awaitOut("lags", 0, 1)
	if lacks := f.store.Lacks(0); lacks != "2 of 2 replicas left out" {
		f.Errorf("it lacks %q", lacks)
	}
	// Who asks without having watched knows a shorter lag: since the last Tx replayed.
	f.await("the status says so", func() bool {
		status, err := f.store.Inspect(f.Context(), 0)
		return err == nil && !status.Replicas[0].Read && status.Replicas[0].LagBytes > 0
	})
	if list, from := f.list(nil); list[0] != id || from != "" {
		f.Errorf("what lags is read from: %q", from)
	}
	for _, r := range f.replicas {
		f.on(r, "SELECT pg_wal_replay_resume()")
	}
	f.awaitOut("")
	if list, from := f.list(nil); list[0] != id || from == "" {
		f.Errorf("it is read from %q again, without what was written", from)
	}
}

// halted: a replica ends in the middle of reads, and comes back by itself.
func (f *fleet) halted() {
	f.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.replicas[0].Crash(f.T)
	}()
	for reading := true; reading; {
		select {
		case <-ended:
			reading = false
		default:
		}
		f.list(nil)
	}
	f.awaitOut("", 0)
	if _, from := f.list(nil); from != f.names[1] {
		f.Errorf("it is read from %q", from)
	}
	f.replicas[0].Start(f.T)
	f.awaitOut("")
}

// frozen: a replica stops answering in the middle of a read, which goes elsewhere.
func (f *fleet) frozen() {
	f.Helper()
	f.between.set(false, true, false)
	began := time.Now()
	for range 5 {
		f.list(nil)
	}
	if took := time.Since(began); took > 4*time.Second {
		f.Errorf("reads took %s", took)
	}
	f.awaitOut("", 1)
	f.between.set(false, false, false)
	f.awaitOut("")
}

// promoted: a standby that takes writes itself is none.
func (f *fleet) promoted() {
	f.Helper()
	f.on(f.replicas[0], "SELECT pg_promote()")
	f.awaitOut("no standby", 0)
	id := f.write()
	f.await("the other one has it", func() bool {
		list, from := f.list(nil)
		if from == f.names[0] {
			f.Fatal("it is read from")
		}
		return list[0] == id && from == f.names[1]
	})
	status, err := f.store.Inspect(f.Context(), 0)
	if err != nil || status.Replicas[0].Read || status.Replicas[0].Err == nil || !status.Replicas[1].Read {
		f.Errorf("%+v, %v", status.Replicas, err)
	}
}

// TestReplicaOfAnother: a standby of another store is never read from.
func TestReplicaOfAnother(t *testing.T) {
	t.Parallel()
	foreign := pgtest.New(t)
	of := postgres.Config{Mode: access.Test, Shards: []postgres.Shard{{DSN: foreign.Of("other")}}}
	if err := foreign.Exec(t.Context(), "CREATE DATABASE other"); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Migrate(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	standby := foreign.Replica(t)
	cfg := fresh(t, 1)
	cfg.Shards = slices.Clone(cfg.Shards)
	cfg.Shards[0].Replicas = []postgres.Replica{{Host: "127.0.0.1", Port: standby.Port, Weight: 1}}
	c := connect(t, cfg, 0)
	if err := foreign.Exec(t.Context(), "ALTER DATABASE other RENAME TO "+c.Config().Database); err != nil {
		t.Fatal(err)
	}
	s := open(t, cfg)
	f := &fleet{T: t, store: s}
	f.awaitOut("another store", 0)
	if err := s.Ping(store.Stale(t.Context(), nil), 0); err != nil {
		t.Error(err)
	}
}

// TestConnectionsAreCounted: those that belong to no pool too.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	f := &fleet{T: t, store: open(t, fresh(t, 1))}
	snapshot, err := f.store.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.await("the snapshot is counted", func() bool { return f.store.Connections() == 1 })
	if err := snapshot.Close(); err != nil {
		t.Fatal(err)
	}
	f.await("and not any more", func() bool { return f.store.Connections() == 0 })
}

// shifted is a clock that is wrong by so many nanoseconds.
type shifted struct {
	clock.System
	by atomic.Int64
}

func (s *shifted) Now() time.Time { return s.System.Now().Add(time.Duration(s.by.Load())) }

// TestClockOfAnother: a process whose clock is wrong does not start, and one whose
// clock goes wrong is not ready until it is set right.
func TestClockOfAnother(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 2)
	set := &shifted{}
	cfg.Clock = set
	for _, by := range []time.Duration{-5 * time.Second, 5 * time.Second} {
		set.by.Store(int64(by))
		s, err := postgres.Open(t.Context(), cfg)
		if !errors.Is(err, postgres.ErrClock) || !strings.Contains(err.Error(), "set it right") {
			t.Errorf("%s: %v", by, err)
		}
		if err == nil {
			_ = s.Close()
		}
	}
	set.by.Store(0)
	s := open(t, cfg)
	for _, c := range []struct {
		by   time.Duration
		want error
	}{{0, nil}, {3 * time.Second, postgres.ErrClock}, {0, nil}, {-3 * time.Second, postgres.ErrClock}} {
		set.by.Store(int64(c.by))
		s.Look(t.Context(), 1)
		if err := s.Ready(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.by, err)
		}
	}
}
