package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseMinor reads a decimal number of major units ("32.26", "0.1", "12") as
// minor units of a currency with exponent digits (0 to 4) behind the point. No
// float is involved: more digits than the currency has are an error.
func ParseMinor(text string, exponent int) (int64, error) {
	whole, fraction, point := strings.Cut(text, ".")
	switch {
	case whole == "" || point && fraction == "" || !digits(whole) || !digits(fraction):
		return 0, fmt.Errorf("amount %q is not a decimal number", text)
	case len(fraction) > exponent:
		return 0, fmt.Errorf("amount %q has more than %d digits behind the point", text, exponent)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", exponent-len(fraction)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q is too large", text)
	}
	return minor, nil
}

func digits(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
