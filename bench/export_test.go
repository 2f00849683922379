package bench

import "time"

// What the tests look at besides what is exported.
var (
	Members  = members
	Elements = elements
)

// SettledAnswers reads the answer to a batch of n, and returns ids and statuses.
func SettledAnswers(status int, body []byte, n int) (read []string, err error) {
	answers, err := readBatch(nil, status, body, n)
	for i := range answers {
		read = append(read, string(answers[i].id)+" "+answers[i].label())
	}
	return read, err
}

// PaymentBody is the body of a single payment's request.
func PaymentBody(p Payment) string { return string(appendPayment(nil, &p)) }

// Inside returns the part of a request that a window counts.
func Inside(from, to, due, answered time.Time) float64 {
	return (&recorder{from: from, to: to}).inside(due, answered)
}

// NewPairs returns a client's traffic of transfers.
func NewPairs(users int, same bool) Traffic { return newPairs(users, same, 1, 2) }
