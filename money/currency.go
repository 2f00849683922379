package money

import (
	"errors"
	"slices"
	"strings"
)

// Currency is an ISO 4217 code in capitals, known to this package.
type Currency string

// ErrUnknownCurrency is returned for a code that ISO 4217 does not list.
var ErrUnknownCurrency = errors.New("money: unknown currency")

// codes lists ISO 4217's active currencies by their exponent: how many decimal
// digits the minor unit stands behind the major one.
var codes = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD " +
		"CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD " +
		"GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA " +
		"MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR " +
		"RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD " +
		"TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
}

var exponents = func() map[Currency]int {
	table := map[Currency]int{}
	for exponent, list := range codes {
		for code := range strings.FieldsSeq(list) {
			table[Currency(code)] = exponent
		}
	}
	return table
}()

// ParseCurrency reads an ISO 4217 code in capitals or small letters.
func ParseCurrency(code string) (Currency, error) {
	if _, ok := exponents[Currency(code)]; ok {
		return Currency(code), nil
	}
	upper := Currency(strings.ToUpper(code))
	if _, ok := exponents[upper]; ok && len(code) == 3 {
		return upper, nil
	}
	return "", ErrUnknownCurrency
}

// Currencies returns every code, sorted.
func Currencies() []Currency {
	list := make([]Currency, 0, len(exponents))
	for code := range exponents {
		list = append(list, code)
	}
	slices.Sort(list)
	return list
}

// Exponent returns the digits of the minor unit: 0, 2, 3 or 4.
func (c Currency) Exponent() int { return exponents[c] }

// MaxMinor returns the largest amount that is accepted, in minor units:
// 10^13 × 10^exponent − 1, the range of DECIMAL(15,2).
func (c Currency) MaxMinor() int64 {
	limit := int64(10_000_000_000_000)
	for range c.Exponent() {
		limit *= 10
	}
	return limit - 1
}
