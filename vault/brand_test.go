package vault_test

import (
	"strings"
	"testing"

	"florin/vault"
)

func TestBrandOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix  string
		lengths []int // all others are unknown
		want    vault.Brand
	}{
		{"4", []int{13, 16, 19}, vault.Visa},
		{"51", []int{16}, vault.Mastercard},
		{"55", []int{16}, vault.Mastercard},
		{"2221", []int{16}, vault.Mastercard},
		{"2500", []int{16}, vault.Mastercard},
		{"2720", []int{16}, vault.Mastercard},
		{"34", []int{15}, vault.Amex},
		{"37", []int{15}, vault.Amex},
		{"6011", []int{16, 17, 18, 19}, vault.Discover},
		{"644", []int{16, 17, 18, 19}, vault.Discover},
		{"649", []int{16, 17, 18, 19}, vault.Discover},
		{"65", []int{16, 17, 18, 19}, vault.Discover},
		{"300", []int{14, 15, 16, 17, 18, 19}, vault.Diners},
		{"305", []int{14, 15, 16, 17, 18, 19}, vault.Diners},
		{"3095", []int{14, 15, 16, 17, 18, 19}, vault.Diners},
		{"36", []int{14, 15, 16, 17, 18, 19}, vault.Diners},
		{"39", []int{14, 15, 16, 17, 18, 19}, vault.Diners},
		{"3528", []int{16, 17, 18, 19}, vault.JCB},
		{"3589", []int{16, 17, 18, 19}, vault.JCB},
		{"62", []int{16, 17, 18, 19}, vault.UnionPay},
		{"622126", []int{16, 17, 18, 19}, vault.UnionPay},
		{"8171", []int{16, 17, 18, 19}, vault.UnionPay},
		{"5018", []int{12, 13, 14, 15, 16, 17, 18, 19}, vault.Maestro},
		{"58", []int{12, 13, 14, 15, 16, 17, 18, 19}, vault.Maestro},
		{"6304", []int{12, 13, 14, 15, 16, 17, 18, 19}, vault.Maestro},
		{"6759", []int{12, 13, 14, 15, 16, 17, 18, 19}, vault.Maestro},
		{"0", nil, ""},
		{"1", nil, ""},
		{"2220", nil, ""},
		{"2721", nil, ""},
		{"306", nil, ""},
		{"3527", nil, ""},
		{"3590", nil, ""},
		{"50", nil, ""},
		{"6010", nil, ""},
		{"643", nil, ""},
		{"8172", nil, ""},
		{"9", nil, ""},
	} {
		for length := range 25 {
			number := (c.prefix + strings.Repeat("0", 25))[:length]
			want := vault.Unknown
			for _, l := range c.lengths {
				if l == length {
					want = c.want
				}
			}
			if got := vault.BrandOf(number); got != want {
				t.Errorf("BrandOf(%s), %d digits: got %s, want %s", number, length, got, want)
			}
		}
	}
	for _, text := range []string{"4242 4242 4242 4242", "424242424242424x", "\u0664242424242424242"} {
		if got := vault.BrandOf(text); got != vault.Unknown {
			t.Errorf("BrandOf(%s): got %s", text, got)
		}
	}
}
