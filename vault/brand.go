package vault

// The brands.
const (
	Visa       Brand = "visa"
	Mastercard Brand = "mastercard"
	Amex       Brand = "amex"
	Discover   Brand = "discover"
	Diners     Brand = "diners"
	JCB        Brand = "jcb"
	UnionPay   Brand = "unionpay"
	Maestro    Brand = "maestro"
	Unknown    Brand = "unknown"
)

// iinRange says that numbers of the given lengths whose first width digits lie
// between low and high are of a brand.
type iinRange struct {
	width     int
	low, high int
	lengths   []int
	brand     Brand
}

var (
	len15      = []int{15}
	len16      = []int{16}
	visaLens   = []int{13, 16, 19}
	from14     = []int{14, 15, 16, 17, 18, 19}
	from16     = []int{16, 17, 18, 19}
	maestroLen = []int{12, 13, 14, 15, 16, 17, 18, 19}
)

// ranges are the schemes' issuer identification numbers as they publish them.
// They do not overlap, so their order says nothing. A UnionPay number that the
// Discover network also takes (622126 to 622925) is UnionPay, as at Stripe.
var ranges = []iinRange{
	{1, 4, 4, visaLens, Visa},
	{2, 51, 55, len16, Mastercard},
	{4, 2221, 2720, len16, Mastercard},
	{2, 34, 34, len15, Amex},
	{2, 37, 37, len15, Amex},
	{4, 6011, 6011, from16, Discover},
	{3, 644, 649, from16, Discover},
	{2, 65, 65, from16, Discover},
	{3, 300, 305, from14, Diners},
	{4, 3095, 3095, from14, Diners},
	{2, 36, 36, from14, Diners},
	{2, 38, 39, from14, Diners},
	{4, 3528, 3589, from16, JCB},
	{2, 62, 62, from16, UnionPay},
	{4, 8100, 8171, from16, UnionPay},
	{4, 5018, 5018, maestroLen, Maestro},
	{4, 5020, 5020, maestroLen, Maestro},
	{4, 5038, 5038, maestroLen, Maestro},
	{2, 56, 58, maestroLen, Maestro},
	{4, 6304, 6304, maestroLen, Maestro},
	{2, 67, 67, maestroLen, Maestro},
}

// BrandOf tells a number's brand by its first digits and its length, in
// Stripe's spelling; Unknown for one that fits none. The number is digits only,
// as in Card; its check digit is not looked at.
func BrandOf(number string) Brand {
	if len(number) < MinDigits || len(number) > MaxDigits {
		return Unknown
	}
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return Unknown
		}
	}
	for _, r := range ranges {
		prefix := 0
		for i := range r.width {
			prefix = prefix*10 + int(number[i]-'0')
		}
		if prefix < r.low || prefix > r.high {
			continue
		}
		for _, length := range r.lengths {
			if length == len(number) {
				return r.brand
			}
		}
		return Unknown
	}
	return Unknown
}
