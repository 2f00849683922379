package fraud_test

import (
	"math"
	"testing"

	"florin/fraud"
)

// Above the threshold is declined, the threshold itself is not.
func TestDeclines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, threshold float64
		want             bool
	}{
		{0, fraud.Threshold, false},
		{0.79, fraud.Threshold, false},
		{math.Nextafter(0.8, 0), fraud.Threshold, false},
		{0.8, fraud.Threshold, false},
		{math.Nextafter(0.8, 1), fraud.Threshold, true},
		{0.81, fraud.Threshold, true},
		{0.95, fraud.Threshold, true},
		{1, fraud.Threshold, true},
		{0, 0, false},
		{math.SmallestNonzeroFloat64, 0, true},
		{0.95, 0.95, false},
		{1, 1, false}, // nothing is declined
	} {
		if got := (fraud.Score{Value: c.value}).Declines(c.threshold); got != c.want {
			t.Errorf("%v against %v: got %v", c.value, c.threshold, got)
		}
	}
	if fraud.Threshold != 0.8 {
		t.Errorf("the threshold is %v", fraud.Threshold)
	}
}

func TestBlockedCards(t *testing.T) {
	t.Parallel()
	blocked := fraud.BlockedCards{"blocked": {}, "another": {}}
	for fingerprint, want := range map[string]bool{
		"blocked": true, "another": true, "good": false, "": false, "Blocked": false, "blocked ": false, "block": false,
	} {
		score := blocked.Score(fraud.Request{UserID: 7, Fingerprint: fingerprint, AmountMinor: 5000, Currency: "USD"})
		if score.Declines(fraud.Threshold) != want {
			t.Errorf("%q: %+v", fingerprint, score)
		}
		if want && (score.Value != 0.95 || len(score.Reasons) != 1 || score.Reasons[0] != "blocked_card") {
			t.Errorf("%q: %+v", fingerprint, score)
		}
		if !want && (score.Value != 0 || len(score.Reasons) != 0) {
			t.Errorf("%q: %+v", fingerprint, score)
		}
	}
}

// Whoever pays, and how much, says nothing; and without a list nobody is blocked.
func TestBlockedCardsLookAtTheCardAlone(t *testing.T) {
	t.Parallel()
	for _, r := range []fraud.Request{
		{},
		{UserID: 1, Fingerprint: "x", AmountMinor: 1, Currency: "JPY"},
		{UserID: math.MaxInt64, Fingerprint: "x", AmountMinor: math.MaxInt64, Currency: "CLF"},
	} {
		if score := fraud.BlockedCards(nil).Score(r); score.Declines(0) {
			t.Errorf("no list, %+v: %+v", r, score)
		}
		if score := (fraud.BlockedCards{"x": {}}).Score(r); (score.Value == 0.95) != (r.Fingerprint == "x") {
			t.Errorf("%+v: %+v", r, score)
		}
	}
}
