// Package fraud decides about fraud: how a score is read. A score is a chance
// between 0 and 1, not money, and so a float.
package fraud

// Threshold is the score above which a payment is declined, unless configured
// otherwise.
const Threshold = 0.8

// Request is what a score is given for.
type Request struct {
	UserID      int64
	Fingerprint string // of the card
	AmountMinor int64
	Currency    string
}

// Score is a request's score and what it rests on. Reasons are for the journal,
// never for the caller.
type Score struct {
	Value   float64 // 0 to 1
	Reasons []string
}

// Declines tells whether the score is above the threshold, or no number at all.
func (s Score) Declines(threshold float64) bool { return !(s.Value <= threshold) }

// BlockedCards scores 0.95 for cards that are always blocked and 0 for all
// others.
type BlockedCards map[string]struct{} // by fingerprint

// Score implements the scorer of the payment flow.
func (b BlockedCards) Score(r Request) Score {
	if _, blocked := b[r.Fingerprint]; blocked {
		return Score{Value: 0.95, Reasons: []string{"blocked_card"}}
	}
	return Score{}
}
