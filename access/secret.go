package access

import "encoding/base32"

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewSecret makes a secret of the mode from 160 bits of chance: the mode's
// prefix and 32 letters and digits.
func NewSecret(mode Mode, chance [20]byte) string {
	return mode.Prefix() + letters.EncodeToString(chance[:])
}

// Hint returns what of a secret may be shown again: its last four characters.
func Hint(secret string) string { return secret[max(0, len(secret)-4):] }
