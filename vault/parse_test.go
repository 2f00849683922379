package vault_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/problem"
	"florin/vault"
)

var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func valid() vault.CardInput {
	return vault.CardInput{Number: number, ExpMonth: 12, ExpYear: 2030, CVC: "123", Name: "Ada Lovelace"}
}

func TestParseCard(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*vault.CardInput){
		"as it is":                func(*vault.CardInput) {},
		"spaces":                  func(in *vault.CardInput) { in.Number = "4242 4242 4242 4242" },
		"dashes":                  func(in *vault.CardInput) { in.Number = "4242-4242-4242-4242" },
		"spaces and dashes":       func(in *vault.CardInput) { in.Number = " 4242 - 42424242 -4242 " },
		"a space around the code": func(in *vault.CardInput) { in.CVC = " 123 " },
		"a space around the name": func(in *vault.CardInput) { in.Name = " Ada Lovelace\t" },
	} {
		in := valid()
		change(&in)
		want := vault.Card{Number: number, ExpMonth: 12, ExpYear: 2030, CVC: "123", Name: "Ada Lovelace"}
		if got, err := vault.ParseCard(in, now); err != nil || got != want {
			t.Errorf("%s: got %s and %v", name, got, err)
		}
	}
	in := vault.CardInput{Number: "378282246310005", ExpMonth: 3, ExpYear: 2026}
	if got, err := vault.ParseCard(in, now); err != nil || got.CVC != "" || got.Name != "" {
		t.Errorf("without code and name: got %s and %v", got, err)
	}
}

func TestParseCardRefuses(t *testing.T) {
	t.Parallel()
	const num, month, year, cvc, holder = "card.number", "card.exp_month", "card.exp_year", "card.cvc", "card.name"
	amex := func(in *vault.CardInput) { in.Number = "378282246310005" }
	for name, c := range map[string]struct {
		change func(*vault.CardInput)
		param  string
		says   string
	}{
		"no number":           {func(in *vault.CardInput) { in.Number = "" }, num, "missing"},
		"spaces only":         {func(in *vault.CardInput) { in.Number = "  -" }, num, "12 to 19"},
		"11 digits":           {func(in *vault.CardInput) { in.Number = "42424242422" }, num, "12 to 19"},
		"20 digits":           {func(in *vault.CardInput) { in.Number = strings.Repeat("0", 20) }, num, "12 to 19"},
		"very long":           {func(in *vault.CardInput) { in.Number = number + strings.Repeat(" ", 99) }, num, "12 to 19"},
		"a letter":            {func(in *vault.CardInput) { in.Number = "424242424242424O" }, num, "only"},
		"another digit":       {func(in *vault.CardInput) { in.Number = "\u0664242424242424242" }, num, "only"},
		"a tab":               {func(in *vault.CardInput) { in.Number = "4242\t424242424242" }, num, "only"},
		"a wrong check digit": {func(in *vault.CardInput) { in.Number = "4242424242424241" }, num, "check digit"},
		"no month":            {func(in *vault.CardInput) { in.ExpMonth = 0 }, month, "1 to 12"},
		"month 13":            {func(in *vault.CardInput) { in.ExpMonth = 13 }, month, "1 to 12"},
		"a month below 0":     {func(in *vault.CardInput) { in.ExpMonth = -1 }, month, "1 to 12"},
		"two digits":          {func(in *vault.CardInput) { in.ExpYear = 30 }, year, "all four digits"},
		"no year":             {func(in *vault.CardInput) { in.ExpYear = 0 }, year, "all four digits"},
		"three digits":        {func(in *vault.CardInput) { in.ExpYear = 203 }, year, "four digits"},
		"five digits":         {func(in *vault.CardInput) { in.ExpYear = 20300 }, year, "four digits"},
		"a year below 0":      {func(in *vault.CardInput) { in.ExpYear = -2030 }, year, "four digits"},
		"last year":           {func(in *vault.CardInput) { in.ExpYear = 2025 }, year, "expired"},
		"last month": {
			func(in *vault.CardInput) { in.ExpMonth, in.ExpYear = 2, 2026 }, month, "expired",
		},
		"too far ahead": {
			func(in *vault.CardInput) { in.ExpMonth, in.ExpYear = 4, 2076 }, year, "50 years",
		},
		"two digits of code":  {func(in *vault.CardInput) { in.CVC = "12" }, cvc, "three digits"},
		"four digits of code": {func(in *vault.CardInput) { in.CVC = "1234" }, cvc, "three digits"},
		"a letter in code":    {func(in *vault.CardInput) { in.CVC = "12a" }, cvc, "three digits"},
		"amex with three":     {amex, cvc, "four digits"},
		"a long name":         {func(in *vault.CardInput) { in.Name = strings.Repeat("é", 101) }, holder, "100"},
		"a line in the name":  {func(in *vault.CardInput) { in.Name = "Ada\nLovelace" }, holder, "control"},
		"a NUL in the name":   {func(in *vault.CardInput) { in.Name = "Ada\x00Lovelace" }, holder, "control"},
		"a DEL in the name":   {func(in *vault.CardInput) { in.Name = "Ada\x7fLovelace" }, holder, "control"},
		"a line separator":    {func(in *vault.CardInput) { in.Name = "Ada\u2028Lovelace" }, holder, "control"},
		"no UTF-8":            {func(in *vault.CardInput) { in.Name = "Ada\xffLovelace" }, holder, "UTF-8"},
	} {
		in := valid()
		c.change(&in)
		got, err := vault.ParseCard(in, now)
		var p *problem.Problem
		if !errors.As(err, &p) || p.Code != problem.InvalidParameter || p.Param != c.param {
			t.Errorf("%s: got %v, want a problem with %s", name, err, c.param)
			continue
		}
		if !strings.Contains(p.Detail, c.says) || got != (vault.Card{}) {
			t.Errorf("%s: got %s and %q", name, got, p.Detail)
		}
	}
}

func TestParseCardExpiryEdges(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, c := range []struct {
		month, year int
		now         string
		valid       bool
	}{
		{3, 2026, "2026-03-01T00:00:00Z", true},
		{3, 2026, "2026-03-31T23:59:59.999999999Z", true},
		{3, 2026, "2026-04-01T00:00:00Z", false},
		{3, 2026, "2026-04-01T01:00:00+02:00", true}, // still March in UTC
		{12, 2026, "2026-12-31T23:59:59Z", true},
		{12, 2026, "2027-01-01T00:00:00Z", false},
		{1, 2027, "2026-12-31T23:59:59Z", true},
		{3, 2076, "2026-03-01T00:00:00Z", true},
		{4, 2076, "2026-03-01T00:00:00Z", false},
	} {
		in := vault.CardInput{Number: number, ExpMonth: c.month, ExpYear: c.year}
		if _, err := vault.ParseCard(in, at(c.now)); (err == nil) != c.valid {
			t.Errorf("%d/%d at %s: got %v", c.month, c.year, c.now, err)
		}
	}
}

// withCheckDigit draws digits and adds the last one so that the number is valid.
func withCheckDigit() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		digits := rapid.StringMatching(`[0-9]{11,18}`).Draw(t, "digits")
		for last := range 10 {
			whole := digits + string(rune('0'+last))
			if _, err := vault.ParseCard(vault.CardInput{Number: whole, ExpMonth: 1, ExpYear: 2030}, now); err == nil {
				return whole
			}
		}
		t.Fatalf("%s takes no check digit", digits)
		return ""
	})
}

func TestOneWrongDigitIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		good := withCheckDigit().Draw(t, "number")
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		other := byte('0' + (int(good[at]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		in := valid()
		in.Number, in.CVC = good[:at]+string(other)+good[at+1:], ""
		_, err := vault.ParseCard(in, now)
		if !problem.Is(err, problem.InvalidParameter) || !strings.Contains(err.Error(), "check digit") {
			t.Fatalf("%s with digit %d changed to %c: got %v", good, at, other, err)
		}
	})
}

// sentences are all that ParseCard ever says, so that it says nothing of the input.
var sentences = []string{
	"The card number is missing.",
	"A card number has 12 to 19 digits.",
	"A card number holds digits, spaces and dashes only.",
	"The card number has a typing error: its check digit does not fit.",
	"The expiry month must be 1 to 12.",
	"The expiry year needs all four digits.",
	"The expiry year must have four digits.",
	"The card has expired.",
	"The card expires more than 50 years ahead.",
	"The verification code of an American Express card has four digits.",
	"The verification code has three digits.",
	"The name is not valid UTF-8.",
	"The name has more than 100 characters.",
	"The name holds a control character or a line break.",
}

// fourDigits is the least part of a number that counts as having shown it.
var fourDigits = regexp.MustCompile(`[0-9]{4}`)

func FuzzParseCard(f *testing.F) {
	f.Add(number, 12, 2030, "123", "Ada")
	f.Add("4242 4242 4242 4241", 1, 30, "12", "a\nb")
	f.Add("378282246310005", 13, 1999, "1234", "\xff")
	f.Add("4000-0000-0000-0002", 6, 2099, "", "")
	f.Fuzz(func(t *testing.T, number string, month, year int, cvc, name string) {
		in := vault.CardInput{Number: number, ExpMonth: month, ExpYear: year, CVC: cvc, Name: name}
		card, err := vault.ParseCard(in, now)
		if err == nil {
			again := vault.CardInput(card)
			if second, err := vault.ParseCard(again, now); err != nil || second != card {
				t.Fatalf("what was parsed does not parse again: %v", err)
			}
			return
		}
		var p *problem.Problem
		if !errors.As(err, &p) || card != (vault.Card{}) {
			t.Fatalf("got %T: %v", err, err)
		}
		if !slices.Contains(sentences, p.Detail) || fourDigits.MatchString(err.Error()) {
			t.Fatalf("the error is %v", err)
		}
	})
}
