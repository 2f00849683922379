package payment_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"florin/event"
	"florin/payment"
)

// Whatever is commanded and told, in whatever order and however often, every
// decision holds what hold_test.go says.
func TestSequences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := begin(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "dice") })
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			tr.step()
		}
		tr.finish()
	})
}

// FuzzSequence takes a byte a throw of the dice, and ends with the bytes.
func FuzzSequence(f *testing.F) {
	for _, seed := range []string{"", "\x00\x02\x00\x01\x00\x00", "confirm, approve, refund", "\xff\xfe\xfd\xfc"} {
		f.Add([]byte(seed))
	}
	f.Add([]byte{0, 2, 0, 1, 0, 0, 0, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 5, 1, 3, 6, 0, 0, 0, 7, 1, 1, 1, 4, 2})
	f.Fuzz(func(t *testing.T, throws []byte) {
		throws = throws[:min(len(throws), 500)]
		tr := begin(t, func(n int) int {
			if len(throws) == 0 {
				return 0
			}
			throw := int(throws[0])
			throws = throws[1:]
			return throw % n
		})
		for len(throws) > 0 {
			tr.step()
		}
		tr.finish()
	})
}

// Fair dice reach every status and every event that a command reaches, or the
// tests above say little.
func TestSequencesReachEverything(t *testing.T) {
	t.Parallel()
	reached := map[string]int{}
	for seed := range uint64(800) {
		tr := begin(quiet{t}, rand.New(rand.NewPCG(seed, 0)).IntN)
		for range 60 {
			tr.step()
			reached[string(tr.p.Status)]++
		}
		for kind, n := range tr.types {
			reached[string(kind)] += n
		}
		if tr.p.RefundPendingMinor > 0 && tr.p.RefundedMinor > 0 && len(tr.p.Refunds) > 1 {
			reached["refunds side by side"]++
		}
		if tr.p.Status == payment.Succeeded && tr.types[event.PaymentLateApproval] > 0 {
			reached["succeeded with a late approval"]++
		}
		tr.finish()
	}
	for _, want := range []string{
		string(payment.RequiresPaymentMethod), string(payment.RequiresConfirmation), string(payment.Processing),
		string(payment.Succeeded), string(payment.Declined), string(payment.Canceled),
		string(event.PaymentCreated), string(event.PaymentProcessing), string(event.PaymentSucceeded),
		string(event.PaymentDeclined), string(event.PaymentCanceled), string(event.PaymentLateApproval),
		string(event.PaymentReversed), string(event.CaptureSucceeded), string(event.RefundPending),
		string(event.RefundSucceeded), string(event.RefundFailed),
		string(payment.RequiresAction), string(payment.RequiresCapture), string(event.PaymentRequiresAction),
		string(event.PaymentAuthorized), string(event.CapturePending),
		string(event.CaptureFailed), string(event.DisputeCreated), string(event.DisputeUnderReview),
		string(event.DisputeWon), string(event.DisputeLost),
		"refunds side by side", "succeeded with a late approval",
	} {
		if reached[want] < 5 {
			t.Errorf("%s was reached %d times", want, reached[want])
		}
	}
	t.Log(reached)
}

// quiet keeps what a trial does to itself.
type quiet struct{ *testing.T }

func (quiet) Logf(string, ...any) {}
