package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/api"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

// plainJSON is what encoding/json writes without HTML escaping.
func plainJSON(t *rapid.T, v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// anyText draws text with all that needs escapes, and what is no UTF-8.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom(
			[]rune("a\"\\/<>&\u0000\u0001\b\f\n\r\t\u001f\u007f\u2027\u2028\u2029é😀\ufffd")), 0, 20, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
	)
}

func anID() *rapid.Generator[ident.ID] {
	return rapid.Custom(func(t *rapid.T) ident.ID {
		return ident.FromHalves(rapid.Int64Range(0, 1<<60-1).Draw(t, "high")>>20, -1<<63|rapid.Int64Min(0).Draw(t, "low"))
	})
}

func aPayment() *rapid.Generator[payment.Payment] {
	return rapid.Custom(func(t *rapid.T) payment.Payment {
		p := payment.Payment{
			ID: anID().Draw(t, "id"), UserID: rapid.Int64Min(1).Draw(t, "user"),
			Amount: money.Amount{
				Minor:    rapid.Int64Min(1).Draw(t, "amount"),
				Currency: rapid.SampledFrom(money.Currencies()).Draw(t, "currency"),
			},
			CaptureMethod: rapid.SampledFrom([]payment.CaptureMethod{"automatic", "manual"}).Draw(t, "capture"),
			Purpose:       rapid.SampledFrom([]payment.Purpose{payment.Sale, payment.WalletTopUp}).Draw(t, "purpose"),
			Details: payment.Details{
				Description: anyText().Draw(t, "description"),
				Metadata:    rapid.MapOfN(anyText(), anyText(), 0, 5).Draw(t, "metadata"),
				ReturnURL:   anyText().Draw(t, "url"),
				OffSession:  rapid.Bool().Draw(t, "off"),
			},
		}
		if rapid.Bool().Draw(t, "customer") {
			p.Details.Customer = &payment.Customer{Email: anyText().Draw(t, "email"), Name: anyText().Draw(t, "name")}
		}
		p.Status = rapid.SampledFrom(payment.Statuses()).Draw(t, "status")
		if p.Status == payment.Declined {
			p.Reason = rapid.SampledFrom(problem.Codes()).Draw(t, "reason")
		}
		p.PaymentMethod = anyText().Draw(t, "method")
		if rapid.Bool().Draw(t, "tried") {
			p.Attempt, p.Gateway = anID().Draw(t, "attempt"), anyText().Draw(t, "gateway")
		}
		p.CapturedMinor = rapid.Int64().Draw(t, "captured")
		p.RefundedMinor = rapid.Int64().Draw(t, "refunded")
		return p
	})
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// asStruct is the payment as encoding/json would be given it.
func asStruct(p payment.Payment, live bool) api.Payment {
	v := api.Payment{
		ID: p.ID.Text(ident.Payment), Object: "payment", UserID: p.UserID, Amount: p.Amount.Minor,
		Currency: string(p.Amount.Currency), Status: string(p.Status), Reason: string(p.Reason),
		AmountCaptured: p.CapturedMinor, AmountRefunded: p.RefundedMinor, PaymentMethod: optional(p.PaymentMethod),
		CaptureMethod: string(p.CaptureMethod), Purpose: string(p.Purpose),
		Attempt: optional(p.Attempt.Text(ident.Attempt)), Gateway: optional(p.Gateway),
		Description: optional(p.Details.Description), Metadata: p.Details.Metadata, OffSession: p.Details.OffSession,
		ReturnURL: optional(p.Details.ReturnURL), Livemode: live,
		CreatedAt: p.ID.Time().Format("2006-01-02T15:04:05.000Z07:00"),
	}
	if p.Status == payment.RequiresCapture {
		v.AmountCapturable = p.AuthorizedMinor - p.CapturedMinor - p.CapturePendingMinor
	}
	v.AmountDisputed = p.DisputedMinor
	if p.ActionURL != "" {
		v.NextAction = &api.NextAction{Type: "redirect_to_url", RedirectToURL: api.Redirect{
			URL: p.ActionURL, ReturnURL: optional(p.Details.ReturnURL),
		}}
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	if c := p.Details.Customer; c != nil {
		v.Customer = &api.Customer{Email: c.Email, Name: c.Name}
	}
	return v
}

func TestPaymentIsEncodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, live := aPayment().Draw(t, "payment"), rapid.Bool().Draw(t, "live")
		got := string(api.AppendPayment([]byte("before"), &p, live))
		if want := "before" + plainJSON(t, asStruct(p, live)); got != want {
			t.Fatalf("got\n%s, want\n%s", got, want)
		}
	})
}

func TestStringIsEncodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		if got, want := string(api.AppendString(nil, text)), plainJSON(t, text); got != want {
			t.Fatalf("%q: got %s, want %s", text, got, want)
		}
	})
}

// What was tried and done for a payment does not show in it: a kept State gives
// the very bytes that were answered.
func TestPaymentIsEncodedFromItsStateAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := aPayment().Draw(t, "payment")
		told := string(api.AppendPayment(nil, &first, false))
		later := first
		later.State = payment.State{Status: payment.Canceled, Version: 9, CapturedMinor: 1}
		later.AnsweredVersion, later.Answered = 1, &first.State
		later.Attempts = []payment.Attempt{{Outcome: payment.OutcomeApproved, AnsweredAt: time.Now()}}
		later.Captures, later.Refunds = []payment.Capture{{Minor: 5}}, []payment.Refund{{Version: 3}}
		kept, err := json.Marshal(first.State) // as a claim keeps it
		if err != nil {
			t.Fatal(err)
		}
		later.State = payment.State{}
		if err := json.Unmarshal(kept, &later.State); err != nil {
			t.Fatal(err)
		}
		if !validText(first.PaymentMethod, first.Gateway) {
			t.Skip("no payment has such a text")
		}
		if got := string(api.AppendPayment(nil, &later, false)); got != told {
			t.Fatalf("got\n%s, want\n%s", got, told)
		}
	})
}

// Who reads JSON in a terminal sees their prompt on a line of its own.
func TestAnswersEndTheirLine(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{"/health", "/openapi.json", paymentsPath, "/nothing"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+secret)
		s.api.ServeHTTP(w, r)
		if text := w.Body.String(); !strings.HasSuffix(text, "}\n") {
			t.Errorf("%s ends with %q", path, text[max(0, len(text)-10):])
		}
	}
}
