package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"florin/money"
)

// edges are the values around which checked arithmetic goes wrong.
var edges = []int64{
	math.MinInt64, math.MinInt64 + 1, math.MinInt64 / 2, -1e18, -100, -1, 0, 1, 99, 1e18,
	math.MaxInt64 / 2, math.MaxInt64 - 1, math.MaxInt64,
}

func anInt64() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.SampledFrom(edges), rapid.Int64Range(-1000, 1000))
}

// checkAgainstBig holds got and err against the true result.
func checkAgainstBig(t interface{ Fatalf(string, ...any) }, what string, got int64, err error, want *big.Int) {
	switch {
	case want.IsInt64() && err != nil:
		t.Fatalf("%s: got %v, want %s", what, err, want)
	case want.IsInt64() && got != want.Int64():
		t.Fatalf("%s: got %d, want %s", what, got, want)
	case !want.IsInt64() && !errors.Is(err, money.ErrOverflow):
		t.Fatalf("%s: got %d and %v, want ErrOverflow for %s", what, got, err, want)
	case err != nil && got != 0:
		t.Fatalf("%s: got %d beside an error, want 0", what, got)
	}
}

func TestAddAndSubAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, a := range edges {
		for _, b := range edges {
			sum, err := money.Add(a, b)
			checkAgainstBig(t, "Add", sum, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
			difference, err := money.Sub(a, b)
			checkAgainstBig(t, "Sub", difference, err, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
		}
	}
}

func TestAddAndSubAreBigs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anInt64().Draw(t, "a"), anInt64().Draw(t, "b")
		sum, err := money.Add(a, b)
		checkAgainstBig(t, "Add", sum, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		difference, err := money.Sub(a, b)
		checkAgainstBig(t, "Sub", difference, err, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
	})
}

func TestFormatMinor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor    int64
		exponent int
		want     string
	}{
		{0, 0, "0"},
		{0, 2, "0.00"},
		{1, 2, "0.01"},
		{-1, 2, "-0.01"},
		{99, 2, "0.99"},
		{100, 2, "1.00"},
		{-100, 2, "-1.00"},
		{1234, 2, "12.34"},
		{1234, 0, "1234"},
		{-1234, 3, "-1.234"},
		{12, 4, "0.0012"},
		{math.MaxInt64, 2, "92233720368547758.07"},
		{math.MinInt64, 2, "-92233720368547758.08"},
		{math.MinInt64, 0, "-9223372036854775808"},
		{math.MinInt64, 18, "-9.223372036854775808"},
		{5, 18, "0.000000000000000005"},
	} {
		if got := money.FormatMinor(c.minor, c.exponent); got != c.want {
			t.Errorf("FormatMinor(%d, %d): got %s, want %s", c.minor, c.exponent, got, c.want)
		}
	}
}

// A formatted number without its point is the number again.
func TestFormatMinorKeepsEveryDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor := anInt64().Draw(t, "minor")
		exponent := rapid.IntRange(0, 18).Draw(t, "exponent")
		text := money.FormatMinor(minor, exponent)
		whole, fraction, pointed := strings.Cut(text, ".")
		if pointed != (exponent > 0) || len(fraction) != exponent || strings.Trim(whole, "-") == "" {
			t.Fatalf("FormatMinor(%d, %d): got %s", minor, exponent, text)
		}
		back, ok := new(big.Int).SetString(whole+fraction, 10)
		if !ok || !back.IsInt64() || back.Int64() != minor {
			t.Fatalf("FormatMinor(%d, %d): got %s", minor, exponent, text)
		}
	})
}

func TestAmountString(t *testing.T) {
	t.Parallel()
	for want, amount := range map[string]money.Amount{
		"12.34 USD":  {Minor: 1234, Currency: "USD"},
		"-5 JPY":     {Minor: -5, Currency: "JPY"},
		"0.001 KWD":  {Minor: 1, Currency: "KWD"},
		"1.0000 CLF": {Minor: 10000, Currency: "CLF"},
	} {
		if got := amount.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
