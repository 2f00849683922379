package payment_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"florin/ident"
	"florin/money"
	"florin/payment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// userID is who pays in every test.
const userID = 7

// began is when every test begins.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

var kinds = []ident.Kind{ident.Payment, ident.Attempt, ident.Capture, ident.Refund, ident.Reversal, ident.Dispute}

// id returns the n-th id of a kind, always the same; nameOf reads it back.
func id(kind ident.Kind, n int) ident.ID {
	low := -1<<63 | int64(slices.Index(kinds, kind))<<18 | userID
	return ident.FromHalves(began.UnixMilli()<<12|int64(n), low)
}

func attempt(n int) ident.ID { return id(ident.Attempt, n) }

func refund(n int) ident.ID { return id(ident.Refund, n) }

// nameOf writes an id of id's as a reader likes it: "att2".
func nameOf(of ident.ID) string {
	if of.IsZero() {
		return "none"
	}
	return string(kinds[of.Low()>>18&7]) + strconv.FormatInt(of.High()&0xfff, 10)
}

// marker stands in everything personal, so that a test finds it where it must
// not be.
const marker = "PERSONAL"

func details() payment.Details {
	return payment.Details{
		Description: marker + " description", Metadata: map[string]string{marker + " key": marker + " value"},
		ReturnURL: "https://" + marker + ".example/", OffSession: true,
		Customer: &payment.Customer{Email: marker + "@example.com", Name: marker + ` "Name"`},
		Risk: &payment.Risk{
			IP: marker + " ip", Device: marker + " device", Terminal: marker + " terminal",
			BillingCountry: marker + " country", OccurredAt: began,
		},
	}
}

// creation is the command that makes a payment of 50.00 USD, to be changed at will.
func creation() payment.Create {
	return payment.Create{
		ID: id(ident.Payment, 1), UserID: userID, Amount: money.Amount{Minor: 5000, Currency: "USD"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale, Method: "pm_card_visa", Details: details(),
	}
}

// created makes the payment, confirmed at alpha when told.
func created(t *testing.T, confirm bool, steps ...step) payment.Payment {
	t.Helper()
	c := creation()
	c.Confirm, c.Start = confirm, startAt("alpha", 1)
	changes, err := payment.DecideCreate(c)
	if err != nil {
		t.Fatal(err)
	}
	return followed(t, changes.Payment, steps...)
}

// followed returns p after the steps, none of which may be refused.
func followed(t *testing.T, p payment.Payment, steps ...step) payment.Payment {
	t.Helper()
	for i, s := range steps {
		changes, err := s(p)
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		p = changes.Payment
	}
	return p
}

// standing returns a payment in each status. Where attempts were made, att1 at
// alpha was declined and att2 at beta is the latest. The one that requires_capture
// is the only one with manual capture.
func standing(t *testing.T) map[payment.Status]payment.Payment {
	t.Helper()
	blank := creation()
	blank.Method = ""
	changes, err := payment.DecideCreate(blank)
	if err != nil {
		t.Fatal(err)
	}
	processing := created(t, true, declines(1, startAt("beta", 2)))
	succeeded := followed(t, processing, approves(2))
	declined := followed(t, processing, declines(2, payment.Start{}))

	manual := clone(processing)
	manual.CaptureMethod = payment.CaptureManual

	return map[payment.Status]payment.Payment{
		payment.RequiresPaymentMethod: changes.Payment,
		payment.RequiresConfirmation:  created(t, false),
		payment.RequiresAction:        followed(t, processing, outcome(2, payment.OutcomeRequiresAction)),
		payment.Processing:            processing,
		payment.RequiresCapture:       followed(t, manual, approves(2)),
		payment.Succeeded:             succeeded,
		payment.Declined:              declined,
		payment.Canceled:              followed(t, declined, cancels),
	}
}

// clone returns a copy of p that shares nothing with it. Its slices have room
// behind their end, so that an append that should have copied shows.
func clone(p payment.Payment) payment.Payment {
	p.Attempts, p.Captures, p.Refunds = roomy(p.Attempts), roomy(p.Captures), roomy(p.Refunds)
	p.Disputes = roomy(p.Disputes)
	for i, a := range p.Attempts {
		p.Attempts[i].Reversal = copied(a.Reversal)
	}
	p.Answered = copied(p.Answered)
	p.Details.Metadata = maps.Clone(p.Details.Metadata)
	p.Details.Customer, p.Details.Risk = copied(p.Details.Customer), copied(p.Details.Risk)
	return p
}

func roomy[T any](list []T) []T {
	if list == nil {
		return nil
	}
	return append(make([]T, 0, len(list)+4), list...)
}

func copied[T any](value *T) *T {
	if value == nil {
		return nil
	}
	c := *value
	return &c
}

// differ tells how two payments differ; "" when they do not.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) { // ten times as fast, and nearly always the answer
		return ""
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// golden holds text against a file below testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./payment -update writes it anew:\n%s", path, diff)
	}
}
