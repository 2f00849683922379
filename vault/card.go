// Package vault decides about card data: what a valid card is, its brand, and
// what of it may be known outside. Sealing is vault/seal's work.
package vault

import (
	"fmt"
	"time"

	"florin/ident"
	"florin/problem"
)

// Brand is a card scheme, in Stripe's spelling: visa, mastercard, amex, ...
type Brand string

// Card is a card as its holder types it. It never leaves the process but to a
// gateway; every way of printing it shows the last four digits only. (One way
// round that is known: fmt does not call methods on a Card in an unexported
// field of another struct, so do not keep one there.)
type Card struct {
	Number   string
	ExpMonth int // 1 to 12
	ExpYear  int // four digits
	CVC      string
	Name     string
}

// String hides all but the last four digits.
func (c Card) String() string { return "card ending in " + c.Last4() }

// GoString hides the same.
func (c Card) GoString() string { return c.String() }

// Format hides the same, whatever the verb.
func (c Card) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// MarshalJSON refuses: a card is never written as JSON by accident.
func (c Card) MarshalJSON() ([]byte, error) {
	return nil, problem.New(problem.Internal, "a card is not for JSON")
}

// MarshalText refuses as MarshalJSON does: XML and the like ask for it.
func (c Card) MarshalText() ([]byte, error) { return c.MarshalJSON() }

// Last4 returns the number's last four digits.
func (c Card) Last4() string {
	if len(c.Number) < 4 {
		return ""
	}
	return c.Number[len(c.Number)-4:]
}

// PaymentMethod is a stored card as the rest of the program knows it: by its
// token (the ID) and its fingerprint, which is alike for alike numbers.
type PaymentMethod struct {
	ID          ident.ID
	UserID      int64
	Brand       Brand
	Last4       string
	ExpMonth    int
	ExpYear     int
	Fingerprint string
	// Sealed is the card's number, expiry and name under the vault's key; the
	// verification code is not in it, since it is never stored.
	Sealed    []byte
	Version   int64
	DeletedAt time.Time // zero while it can be used
}
