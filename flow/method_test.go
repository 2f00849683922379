package flow_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/cache/local"
	"florin/event"
	"florin/flow"
	"florin/fraud"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/loop"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
)

// card stores a card for a user.
func (w *world) card(t *testing.T, user int64) vault.PaymentMethod {
	t.Helper()
	m, _, err := w.flow.StoreMethod(t.Context(), flow.StoreMethod{UserID: user, Card: vault.CardInput{
		Number: "4242424242424242", ExpMonth: 12, ExpYear: w.clock.Now().Year() + 2, CVC: "123",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// other is another process' service on the same store, with a cache of its own.
func (w *world) other(t *testing.T) *flow.Service {
	t.Helper()
	methods, err := local.NewMethods(local.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(methods.Close)
	cfg := flow.Config{
		Store: w.store, Commit: w.commit, Vault: w.vault, Methods: methods, Clock: w.clock, IDs: w.ids, Mode: "test",
		Scorer: fraud.BlockedCards{}, Each: loop.Each,
	}
	cfg.Gateways = append(cfg.Gateways, w.guards...)
	return flow.New(cfg)
}

func TestDeletedMethodIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, gone := w.card(t, 7), w.card(t, 7)
	name := gone.ID.Text(ident.PaymentMethod)
	w.pay(t, authorize(7, name), payment.Succeeded) // the cache is warm
	waiting := authorize(7, name)
	waiting.Confirm = false
	p := w.pay(t, waiting, payment.RequiresConfirmation)

	first, err := w.flow.DeleteMethod(t.Context(), gone.ID)
	if err != nil || first.DeletedAt.IsZero() || len(first.Sealed) > 0 || first.Version != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	w.clock.Advance(time.Hour)
	again, err := w.flow.DeleteMethod(t.Context(), gone.ID)
	if err != nil || !again.DeletedAt.Equal(first.DeletedAt) || again.Version != 2 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
	for what, try := range map[string]func() error{
		"a payment": func() error { _, err := w.flow.Authorize(t.Context(), authorize(7, name)); return err },
		"a confirm": func() error { _, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID}); return err },
		"a read":    func() error { _, err := w.flow.Method(t.Context(), gone.ID); return err },
		"a method that never was": func() error {
			_, err := w.flow.DeleteMethod(t.Context(), ident.FromHalves(1, -1))
			return err
		},
	} {
		if err := try(); !problem.Is(err, problem.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	methods, err := w.flow.Methods(t.Context(), 7, store.Page{Limit: 10})
	if err != nil || len(methods) != 1 || methods[0].ID != kept.ID {
		t.Errorf("the list has %v, %v", methods, err)
	}
	events := w.eventsOf(t, gone.ID)
	if len(events) != 2 || events[1].Type != event.MethodDeleted ||
		!strings.Contains(string(events[1].Data), `"deleted":true`) {
		t.Errorf("its events are %v", events)
	}
	w.pay(t, authorize(7, kept.ID.Text(ident.PaymentMethod)), payment.Succeeded)
}

// eventsOf returns the events of an object.
func (w *world) eventsOf(t *testing.T, object ident.ID) []event.Stored {
	t.Helper()
	all, err := w.store.Events(t.Context(), object.Shard(w.store.Shards()), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e event.Stored) bool { return e.Object != object })
}

// A repeated request is answered as the first one, though its card is gone since and
// no gateway can be called.
func TestRepeatedWithoutItsCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.card(t, 7)
	r := withKey(authorize(7, m.ID.Text(ident.PaymentMethod)), "k")
	p := w.pay(t, r, payment.Succeeded)
	if _, err := w.flow.DeleteMethod(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	before := w.sent(t)
	result, err := w.flow.Authorize(t.Context(), r)
	if err != nil || !result.Replayed || result.Payment.ID != p.ID || result.Payment.State != p.State {
		t.Errorf("%+v, %v", result, err)
	}
	other := withKey(authorize(7, r.Method), "k2")
	changed := r
	changed.Idempotency = &flow.Idempotency{Scope: r.Idempotency.Scope, Key: "k", Digest: [32]byte{1}}
	batch := w.flow.AuthorizeBatch(t.Context(), []flow.Authorize{other, r, changed})
	wantCode(t, batch[0].Err, problem.NotFound)
	if batch[1].Err != nil || !batch[1].Replayed || batch[1].Payment.ID != p.ID {
		t.Errorf("in a batch: %+v", batch[1])
	}
	wantCode(t, batch[2].Err, problem.IdempotencyKeyReuse)
	if w.sent(t) != before {
		t.Error("a gateway was called")
	}
}

// Another process has the card in its cache: what it starts is refused in its Tx.
func TestDeletedMethodInAnothersCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.other(t)
	m := w.card(t, 7)
	r := authorize(7, m.ID.Text(ident.PaymentMethod))
	if result, err := other.Authorize(t.Context(), r); err != nil || result.Payment.Status != payment.Succeeded {
		t.Fatalf("%+v, %v", result, err)
	}
	p := w.pay(t, authorize(7, "pm_card_chargeDeclined"), payment.Declined)
	if _, err := w.flow.DeleteMethod(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	before := w.sent(t)
	_, err := other.Authorize(t.Context(), withKey(r, "k"))
	wantCode(t, err, problem.NotFound)
	_, err = other.Confirm(t.Context(), flow.Confirm{Payment: p.ID, Method: r.Method})
	wantCode(t, err, problem.NotFound)
	if w.sent(t) != before || w.stored(t, p.ID).Status != payment.Declined {
		t.Error("a gateway was called")
	}
	// The key was not kept.
	result, err := other.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
	if err != nil || result.Replayed {
		t.Errorf("%+v, %v", result, err)
	}
}

// sent counts what the gateways were asked for.
func (w *world) sent(t *testing.T) (n int) {
	t.Helper()
	for _, g := range w.gateways {
		if err := g.Entries(func(simulated.Entry) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Confirms race the deletion: in the order of commits no attempt begins behind
// it.
func TestDeletionRacesConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.other(t)
	var before, after atomic.Int32
	for range 20 {
		m := w.card(t, 7)
		r := authorize(7, m.ID.Text(ident.PaymentMethod))
		var racers sync.WaitGroup
		for i := range 16 {
			service := []*flow.Service{w.flow, other}[i%2]
			racers.Go(func() {
				if i == 8 {
					if _, err := service.DeleteMethod(t.Context(), m.ID); err != nil {
						t.Error(err)
					}
					return
				}
				switch result, err := service.Authorize(t.Context(), r); {
				case problem.Is(err, problem.NotFound):
					after.Add(1)
				case err != nil || result.Payment.Status != payment.Succeeded:
					t.Errorf("%+v, %v", result, err)
				default:
					before.Add(1)
				}
			})
		}
		racers.Wait()
		deleted := w.eventsOf(t, m.ID)[1].Position
		payments, err := w.flow.Payments(t.Context(), store.PaymentQuery{UserID: 7, Page: store.Page{Limit: 100}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range payments {
			if p.PaymentMethod == r.Method && w.eventsOf(t, p.ID)[0].Position > deleted {
				t.Fatalf("a payment began behind the deletion")
			}
		}
	}
	if before.Load() == 0 || after.Load() == 0 {
		t.Logf("%d before, %d after: no race was seen", before.Load(), after.Load())
	}
}
