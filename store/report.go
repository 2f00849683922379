package store

import (
	"time"

	"florin/money"
	"florin/payment"
	"florin/problem"
)

// ReportQuery asks for what was made from one time on and before another; both
// count in milliseconds.
type ReportQuery struct {
	From, To time.Time
}

// ReportRow counts payments, or refunds that have succeeded, that were made on one
// day and are otherwise alike.
type ReportRow struct {
	Day      time.Time // its beginning, UTC
	Gateway  string    // "" where none was chosen
	Currency money.Currency
	Refunds  bool // or else payments
	// Status and Reason are of payments.
	Status payment.Status
	Reason problem.Code
	Count  int64
	// Sum is what was captured of the payments, until now, or what was refunded;
	// minor units.
	Sum money.Sum
}
