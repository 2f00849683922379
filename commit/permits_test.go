package commit

import (
	"testing"
	"testing/synctest"
	"time"

	"florin/internal/clock"
)

// TestPermits: no more than two hold a permit, a release by either way gives it
// back once, and one that is held for too long is lent to somebody else.
func TestPermits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPermits(2, 50*time.Millisecond, clock.System{})
		first, second := p.acquire(), p.acquire()
		got := make(chan time.Time, 2)
		began := time.Now()
		for range 2 {
			go func() {
				release := p.acquire()
				got <- time.Now()
				release()
			}()
		}
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("a third has a permit while two hold theirs")
		}
		first()
		first()
		synctest.Wait()
		if len(got) != 2 { // the two went one after the other
			t.Fatalf("%d had a permit after one was given back, want 2", len(got))
		}
		_ = p.acquire() // hangs, as second does
		now := time.Now()
		third := p.acquire()
		if waited := time.Since(began); waited != 50*time.Millisecond {
			t.Errorf("the permit of one that hangs was lent after %s, want 50 ms", waited)
		}
		second() // it came back to life: its permit was given back already
		third()
		if time.Since(now) > 50*time.Millisecond {
			t.Error("a permit was held back")
		}
		if got := len(p.free); got != 1 {
			t.Errorf("%d permits are free while one is held, of 2", got)
		}
	})
}

// TestNoPermits: nil bounds nothing.
func TestNoPermits(t *testing.T) {
	t.Parallel()
	var p *Permits
	for range 10 {
		defer p.acquire()()
	}
}
