package money_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	bojanz "github.com/bojanz/currency"

	"florin/money"
)

func TestCurrenciesAgreeWithBojanz(t *testing.T) {
	t.Parallel()
	ours := money.Currencies()
	if !slices.IsSorted(ours) {
		t.Error("Currencies is not sorted")
	}
	for _, code := range bojanz.GetCurrencyCodes() {
		if !slices.Contains(ours, money.Currency(code)) {
			t.Errorf("%s is not in our table", code)
		}
	}
	for _, code := range ours {
		digits, ok := bojanz.GetDigits(string(code))
		if !ok {
			t.Errorf("%s is in our table only", code)
		} else if int(digits) != code.Exponent() {
			t.Errorf("%s: our exponent is %d, theirs %d", code, code.Exponent(), digits)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	t.Parallel()
	for _, code := range money.Currencies() {
		for _, text := range []string{string(code), strings.ToLower(string(code))} {
			if got, err := money.ParseCurrency(text); err != nil || got != code {
				t.Errorf("ParseCurrency(%q): got %s and %v", text, got, err)
			}
		}
	}
	for _, text := range []string{"", "US", "USDD", "XXX", "XTS", "usd ", "u\u017fd", "DEM", "000", "\xff\xff\xff"} {
		if got, err := money.ParseCurrency(text); !errors.Is(err, money.ErrUnknownCurrency) || got != "" {
			t.Errorf("ParseCurrency(%q): got %s and %v, want ErrUnknownCurrency", text, got, err)
		}
	}
}

func FuzzParseCurrency(f *testing.F) {
	f.Add("usd")
	f.Add("JPY")
	f.Add("\u0131qd")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := money.ParseCurrency(text)
		if err == nil && (!slices.Contains(money.Currencies(), got) || !strings.EqualFold(text, string(got))) {
			t.Fatalf("ParseCurrency(%q): got %q", text, got)
		}
		if err != nil && got != "" {
			t.Fatalf("ParseCurrency(%q): got %q beside an error", text, got)
		}
	})
}

// DECIMAL(15,2) holds 13 digits before its point.
func TestMaxMinor(t *testing.T) {
	t.Parallel()
	for code, want := range map[money.Currency]string{
		"JPY": "9999999999999",
		"USD": "9999999999999.99",
		"KWD": "9999999999999.999",
		"CLF": "9999999999999.9999",
	} {
		if got := money.FormatMinor(code.MaxMinor(), code.Exponent()); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
	for _, code := range money.Currencies() {
		if exponent := code.Exponent(); exponent != 0 && exponent != 2 && exponent != 3 && exponent != 4 {
			t.Errorf("%s: exponent %d", code, exponent)
		}
		if code.MaxMinor() <= 0 {
			t.Errorf("%s: MaxMinor is %d", code, code.MaxMinor())
		}
	}
}
