package flow_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// hold places a hold that must be placed.
func (w *world) hold(t testing.TB, r flow.PlaceHold) wallet.Hold {
	t.Helper()
	h, _, err := w.flow.PlaceHold(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// expireDue lets the workers end the holds whose time is over.
func (w *world) expireDue(t testing.TB) (ended int) {
	t.Helper()
	for _, worker := range w.holds {
		progress, err := worker.Step(t.Context())
		if err != nil {
			t.Error(err)
		}
		ended += progress.Asked
	}
	return ended
}

func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(50_00))
	r := flow.PlaceHold{
		UserID: 7, Amount: usd(20_00), Reason: "room 7", Metadata: map[string]string{"a": "b"},
		Idempotency: &flow.Idempotency{Scope: "holds", Key: "k"},
	}
	h := w.hold(t, r)
	again, replayed, err := w.flow.PlaceHold(t.Context(), r)
	if err != nil || !replayed || again.ID != h.ID || again.Metadata["a"] != "b" {
		t.Errorf("repeated: %+v, %v, %v", again, replayed, err)
	}
	w.wantWallet(t, 7, "USD", 30_00, 20_00)
	if h.Status != wallet.HoldActive || h.ExpiresAt.Sub(w.clock.Now()).Round(time.Second) != 7*24*time.Hour {
		t.Errorf("the hold is %+v", h)
	}
	_, _, err = w.flow.PlaceHold(t.Context(), flow.PlaceHold{UserID: 7, Amount: usd(30_01)})
	wantParam(t, err, problem.InsufficientFunds, "amount")
	_, _, err = w.flow.PlaceHold(t.Context(), flow.PlaceHold{UserID: 7, Amount: usd(1), ExpiresAt: w.clock.Now()})
	wantParam(t, err, problem.InvalidParameter, "expires_at")
	_, _, err = w.flow.EndHold(t.Context(), flow.EndHold{UserID: 3, Hold: h.ID})
	wantCode(t, err, problem.NotFound)
	_, _, err = w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: h.ID, Capture: true, Minor: 20_01})
	wantParam(t, err, problem.OverCapture, "amount")

	capture := flow.EndHold{
		UserID: 7, Hold: h.ID, Capture: true, Minor: 15_00, Idempotency: &flow.Idempotency{Scope: "capture", Key: "k"},
	}
	for i := range 2 {
		got, replayed, err := w.flow.EndHold(t.Context(), capture)
		if err != nil || replayed != (i == 1) || got.Status != wallet.HoldCaptured || got.CapturedMinor != 15_00 {
			t.Errorf("%+v, %v, %v", got, replayed, err)
		}
	}
	w.wantWallet(t, 7, "USD", 35_00, 0)
	for _, capture := range []bool{true, false} {
		_, _, err = w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: h.ID, Capture: capture})
		wantCode(t, err, problem.WrongState)
	}
	if got := w.events(t, h.ID); !slices.Equal(got, []event.Type{event.HoldCreated, event.HoldCaptured}) {
		t.Errorf("its events are %v", got)
	}
	got, err := w.flow.HoldByID(t.Context(), 7, h.ID)
	if err != nil || got.Version != 2 || got.Reason != "room 7" {
		t.Errorf("it is read as %+v, %v", got, err)
	}
	released := w.hold(t, flow.PlaceHold{UserID: 7, Amount: usd(35_00)})
	w.wantWallet(t, 7, "USD", 0, 35_00)
	if _, _, err = w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: released.ID}); err != nil {
		t.Error(err)
	}
	w.wantWallet(t, 7, "USD", 35_00, 0)
	list, err := w.flow.Holds(t.Context(), store.HoldQuery{
		UserID: 7, Status: wallet.HoldReleased, Page: store.Page{Limit: 10},
	})
	if err != nil || len(list) != 1 || list[0].ID != released.ID {
		t.Errorf("the released ones are %+v, %v", list, err)
	}
	w.audited(t)
}

func TestHoldExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(50_00))
	short := w.hold(t, flow.PlaceHold{UserID: 7, Amount: usd(20_00), ExpiresIn: time.Hour})
	w.hold(t, flow.PlaceHold{UserID: 7, Amount: usd(5_00), ExpiresIn: 2 * time.Hour})
	w.clock.Advance(time.Hour - time.Millisecond)
	if n := w.expireDue(t); n != 0 {
		t.Errorf("%d holds expired before their time", n)
	}
	w.clock.Advance(time.Millisecond)
	_, _, err := w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: short.ID, Capture: true})
	wantCode(t, err, problem.WrongState)
	if n := w.expireDue(t) + w.expireDue(t); n != 1 {
		t.Errorf("%d holds expired, want 1", n)
	}
	if err := w.flow.ExpireHold(t.Context(), short); err != nil { // told again
		t.Error(err)
	}
	w.wantWallet(t, 7, "USD", 45_00, 5_00)
	if got := w.events(t, short.ID); !slices.Equal(got, []event.Type{event.HoldCreated, event.HoldExpired}) {
		t.Errorf("its events are %v", got)
	}
	w.audited(t)
}

// Capture, release and expiry race: exactly one of them wins, each time.
func TestHoldHasOneEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const holds = 150
	w.give(t, 7, usd(holds*1_00))
	var captured atomic.Int64
	for range holds {
		h := w.hold(t, flow.PlaceHold{UserID: 7, Amount: usd(1_00), ExpiresIn: time.Hour})
		var racers sync.WaitGroup
		var won atomic.Int32
		for i := range 4 {
			racers.Go(func() {
				_, _, err := w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: h.ID, Capture: i%2 == 0, Minor: 60})
				switch {
				case err == nil && i%2 == 0:
					captured.Add(60)
					won.Add(1)
				case err == nil:
					won.Add(1)
				case !problem.Is(err, problem.WrongState):
					t.Error(err)
				}
			})
		}
		racers.Go(func() {
			w.clock.Advance(time.Hour)
			if err := w.flow.ExpireHold(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
		racers.Wait()
		got, err := w.flow.HoldByID(t.Context(), 7, h.ID)
		if err != nil || got.Status == wallet.HoldActive || got.Version != 2 || len(w.events(t, h.ID)) != 2 {
			t.Fatalf("the hold is %+v, %v", got, err)
		}
		expired := int32(0)
		if got.Status == wallet.HoldExpired {
			expired = 1
		}
		if won.Load()+expired != 1 {
			t.Fatalf("%d callers won and the hold is %s", won.Load(), got.Status)
		}
	}
	w.wantWallet(t, 7, "USD", holds*1_00-captured.Load(), 0)
	w.audited(t)
}

func TestPayout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(50_00))
	r := flow.PayOut{UserID: 7, Amount: usd(20_00), Idempotency: &flow.Idempotency{Scope: "payouts", Key: "k"}}
	first, _, err := w.flow.PayOut(t.Context(), r)
	if err != nil || first.Status != wallet.PayoutPending {
		t.Fatalf("%+v, %v", first, err)
	}
	again, replayed, err := w.flow.PayOut(t.Context(), r)
	if err != nil || !replayed || again.ID != first.ID {
		t.Errorf("repeated: %+v, %v, %v", again, replayed, err)
	}
	_, _, err = w.flow.PayOut(t.Context(), flow.PayOut{UserID: 7, Amount: usd(30_01)})
	wantParam(t, err, problem.InsufficientFunds, "amount")
	w.wantWallet(t, 7, "USD", 30_00, 0)
	if got := w.events(t, first.ID); !slices.Equal(got, []event.Type{event.PayoutCreated}) {
		t.Errorf("its events are %v", got)
	}
	list, err := w.flow.Payouts(t.Context(), store.PayoutQuery{Page: store.Page{Limit: 10}})
	if err != nil || len(list) != 1 || list[0].ID != first.ID {
		t.Errorf("the payouts are %+v, %v", list, err)
	}
	_, err = w.flow.PayoutByID(t.Context(), ident.FromHalves(first.ID.High()+1, first.ID.Low()))
	wantCode(t, err, problem.NotFound)
	w.audited(t)
}
