package audit_test

import (
	"slices"
	"strings"
	"testing"

	"florin/audit"
	"florin/ident"
	"florin/payment"
)

// toldOf returns what was last told of a payment.
func (w *world) toldOf(p *payment.Payment) *audit.Acknowledgement {
	slices.Reverse(w.told)
	i := slices.IndexFunc(w.told, func(a audit.Acknowledgement) bool { return a.Payment == p.ID })
	return &w.told[i]
}

var toldSpoilings = []spoiling{
	{"a payment that was told and lost", func(w *world) {
		w.tell(payment.Payment{ID: w.ids.New(1), UserID: 1, State: payment.State{Status: payment.Succeeded}})
	}, "consistent acknowledged"},
	{"another amount", func(w *world) { w.told[3].Minor++ }, "acknowledged"},
	{"another user", func(w *world) { w.told[3].UserID++ }, "acknowledged"},
	{"another currency", func(w *world) { w.told[3].Currency = "EUR" }, "acknowledged"},
	{"succeeded and declined", func(w *world) {
		_, p := w.first(payment.Declined)
		w.toldOf(p).Status = payment.Succeeded
	}, "acknowledged"},
	{"declined and succeeded", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.toldOf(p).Status = payment.Declined
	}, "acknowledged"},
	{"one key for two payments", func(w *world) {
		one, two := w.shards[1].payments[0], w.shards[1].payments[1]
		w.toldOf(&one).Key = "twice"
		w.toldOf(&two).Key = "twice"
		w.toldOf(&two).UserID, w.toldOf(&one).UserID = one.UserID, one.UserID
	}, "acknowledged"},
}

func TestDeclinedMayBeConfirmedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.charge(1, payment.OutcomeDeclined)
	attempt := w.ids.New(1)
	p = w.write(payment.DecideConfirm(p, payment.Confirm{
		Start: payment.Start{Attempt: attempt, Gateway: "alpha", InquireAt: began},
	}))
	w.approve(audit.Charge, attempt, ident.ID{}, p.ID, p.Amount)
	w.settle(p, attempt, payment.OutcomeApproved)
	if r := w.audit(); !r.OK {
		t.Errorf("a payment that was told as declined must not succeed later: %+v", r)
	}
}

func TestPlainAndOtherLinesReadAlike(t *testing.T) {
	t.Parallel()
	want := audit.Acknowledgement{UserID: 7, Minor: 100, Currency: "USD", Status: payment.Succeeded, Key: "k,1:\"x"}
	plain := want
	plain.Key = "k:1"
	const id = `"payment":"pay_0192f3a4b5c670008000000000000001"`
	for text, want := range map[string]audit.Acknowledgement{
		`{` + id + `,"user_id":7,"amount":100,"currency":"USD","status":"succeeded","key":"k:1"}`:                    plain,
		`{"key":"k:1","status":"succeeded","currency":"USD","amount":100,"user_id":7,` + id + `}`:                    plain,
		`{ ` + id + `, "user_id": 7, "amount": 100, "currency": "USD", "status": "succeeded", "key": "k:1" }`:        plain,
		`{` + id + `,"user_id":7,"amount":100,"currency":"USD","status":"succeeded","key":"k:1","more":[1,{"a":2}]}`: plain,
		`{` + id + `,"user_id":7,"amount":100,"currency":"USD","status":"succeeded","key":"k,1:\"x"}`:                want,
		`{` + id + `,"user_id":7,"amount":100,"currency":"USD","status":"succeeded","key":"\u006b:1"}`:               plain,
	} {
		var got audit.Acknowledgement
		err := audit.ReadAcknowledgements("file", strings.NewReader(text+"\n"))(func(a audit.Acknowledgement) error {
			got = a
			return nil
		})
		got.Payment = want.Payment
		if err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
}

func TestReadAcknowledgements(t *testing.T) {
	t.Parallel()
	const good = `{"payment":"pay_0192f3a4b5c670008000000000000001","user_id":1,"amount":100,"currency":"USD",` +
		`"status":"succeeded","key":"k"}` + "\n"
	for text, want := range map[string]string{
		good + good:      "",
		good + good[:30]: "", // the writer died
		good + "{\n":     "file:2: unexpected end",
		strings.Replace(good, "succeeded", "fine", 1): `file:1: status: "fine" is none`,
		strings.Replace(good, "pay_", "att_", 1):      "file:1: ident: not an id",
		strings.Repeat("x", 100_000) + "\n":           "file:1: bufio: buffer full",
	} {
		err := audit.ReadAcknowledgements("file", strings.NewReader(text))(func(audit.Acknowledgement) error { return nil })
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.HasPrefix(got, want) {
				t.Errorf("%.60q: the error is %q, want %q", text, got, want)
			}
		} else if want != "" {
			t.Errorf("%.60q: no error, want %q", text, want)
		}
	}
}
