package vault

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"florin/problem"
)

// The limits of a card's fields. MinDigits and MaxDigits are ISO/IEC 7812's.
const (
	MinDigits = 12
	MaxDigits = 19
	// MaxYearsAhead is how many years from now a card may expire at the latest.
	MaxYearsAhead = 50
	// MaxNameLength is in characters, not bytes.
	MaxNameLength = 100

	maxNumberInput = 64 // bytes, spaces and dashes included
)

// CardInput is a card as a request brings it, unchecked. Like Card it prints
// as the last four digits at most, and is never written as JSON.
type CardInput struct {
	Number   string // digits; spaces and dashes between them do not matter
	ExpMonth int    // 1 to 12
	ExpYear  int    // four digits
	CVC      string // the verification code; may be empty
	Name     string // the holder's; may be empty
}

// String hides everything: what was typed need not be a number.
func (CardInput) String() string { return "card as typed" }

// GoString hides the same.
func (in CardInput) GoString() string { return in.String() }

// Format hides the same, whatever the verb.
func (in CardInput) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(in.String())) }

// MarshalJSON refuses: a card is never written as JSON by accident.
func (CardInput) MarshalJSON() ([]byte, error) { return Card{}.MarshalJSON() }

// MarshalText refuses the same.
func (CardInput) MarshalText() ([]byte, error) { return Card{}.MarshalText() }

// ParseCard checks a card as far as that can be done without its issuer: the
// number's form and check digit, the expiry against now (a card is good to the
// end of its month, in UTC), the code's and the name's form. An error is a
// *problem.Problem with code InvalidParameter whose Param is "card.number",
// "card.exp_month", "card.exp_year", "card.cvc" or "card.name"; its text is one
// of a few fixed sentences and repeats nothing of the input.
func ParseCard(in CardInput, now time.Time) (Card, error) {
	number, err := parseNumber(in.Number)
	if err != nil {
		return Card{}, err
	}
	if err := checkExpiry(in.ExpMonth, in.ExpYear, now.UTC()); err != nil {
		return Card{}, err
	}
	cvc := strings.TrimSpace(in.CVC)
	if err := checkCVC(cvc, BrandOf(number)); err != nil {
		return Card{}, err
	}
	name := strings.TrimSpace(in.Name)
	if err := checkName(name); err != nil {
		return Card{}, err
	}
	return Card{Number: number, ExpMonth: in.ExpMonth, ExpYear: in.ExpYear, CVC: cvc, Name: name}, nil
}

func parseNumber(text string) (string, error) {
	const param = "card.number"
	if text == "" {
		return "", problem.Invalid(param, "The card number is missing.")
	}
	if len(text) > maxNumberInput {
		return "", problem.Invalid(param, "A card number has 12 to 19 digits.")
	}
	digits := make([]byte, 0, MaxDigits)
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c != ' ' && c != '-':
			return "", problem.Invalid(param, "A card number holds digits, spaces and dashes only.")
		}
	}
	if len(digits) < MinDigits || len(digits) > MaxDigits {
		return "", problem.Invalid(param, "A card number has 12 to 19 digits.")
	}
	if !luhn(digits) {
		return "", problem.Invalid(param, "The card number has a typing error: its check digit does not fit.")
	}
	return string(digits), nil
}

// luhn checks the last digit by ISO/IEC 7812-1, annex B: from the right, every
// second digit counts twice (the sum of the product's digits), and the total
// must be a multiple of ten.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		digit := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			digit *= 2
			if digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

func checkExpiry(month, year int, now time.Time) error {
	const monthParam, yearParam = "card.exp_month", "card.exp_year"
	switch {
	case month < 1 || month > 12:
		return problem.Invalid(monthParam, "The expiry month must be 1 to 12.")
	case year >= 0 && year <= 99:
		return problem.Invalid(yearParam, "The expiry year needs all four digits.")
	case year < 1000 || year > 9999:
		return problem.Invalid(yearParam, "The expiry year must have four digits.")
	case year < now.Year():
		return problem.Invalid(yearParam, "The card has expired.")
	case year == now.Year() && month < int(now.Month()):
		return problem.Invalid(monthParam, "The card has expired.")
	}
	monthsAhead := (year-now.Year())*12 + month - int(now.Month())
	if monthsAhead > MaxYearsAhead*12 {
		return problem.Invalid(yearParam, "The card expires more than 50 years ahead.")
	}
	return nil
}

func checkCVC(cvc string, brand Brand) error {
	if cvc == "" {
		return nil
	}
	want := 3
	if brand == Amex {
		want = 4
	}
	valid := len(cvc) == want
	for i := range len(cvc) {
		valid = valid && cvc[i] >= '0' && cvc[i] <= '9'
	}
	switch {
	case valid:
		return nil
	case brand == Amex:
		return problem.Invalid("card.cvc", "The verification code of an American Express card has four digits.")
	default:
		return problem.Invalid("card.cvc", "The verification code has three digits.")
	}
}

func checkName(name string) error {
	const param = "card.name"
	if !utf8.ValidString(name) {
		return problem.Invalid(param, "The name is not valid UTF-8.")
	}
	if utf8.RuneCountInString(name) > MaxNameLength {
		return problem.Invalid(param, "The name has more than 100 characters.")
	}
	for _, r := range name {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			return problem.Invalid(param, "The name holds a control character or a line break.")
		}
	}
	return nil
}
