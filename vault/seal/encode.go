package seal

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"florin/vault"
)

const (
	cardVersion = 1
	cardHead    = 13 // bytes before the name
)

// Neither of these may say what the card holds.
var (
	errCardForm    = errors.New("vault: the card's form is wrong")
	errCardVersion = errors.New("vault: the card was sealed by a newer version of florin")
)

// encodeCard writes the body that doc.go describes.
func encodeCard(card vault.Card) ([]byte, error) {
	number, err := strconv.ParseUint(card.Number, 10, 64)
	if err != nil || !validForm(card) {
		return nil, errCardForm // strconv's error repeats the number
	}
	plain := make([]byte, 0, cardHead+len(card.Name))
	plain = append(plain, cardVersion, byte(card.ExpMonth))
	plain = binary.BigEndian.AppendUint16(plain, uint16(card.ExpYear))
	plain = append(plain, byte(len(card.Number)))
	plain = binary.BigEndian.AppendUint64(plain, number)
	return append(plain, card.Name...), nil
}

// decodeCard is its inverse. It takes only what encodeCard writes.
func decodeCard(plain []byte) (vault.Card, error) {
	if len(plain) > 0 && plain[0] > cardVersion {
		return vault.Card{}, errCardVersion
	}
	if len(plain) < cardHead || plain[0] != cardVersion {
		return vault.Card{}, errCardForm
	}
	number := strconv.FormatUint(binary.BigEndian.Uint64(plain[5:cardHead]), 10)
	card := vault.Card{
		Number:   strings.Repeat("0", max(int(plain[4])-len(number), 0)) + number,
		ExpMonth: int(plain[1]),
		ExpYear:  int(binary.BigEndian.Uint16(plain[2:4])),
		Name:     string(plain[cardHead:]),
	}
	if len(card.Number) != int(plain[4]) || !validForm(card) {
		return vault.Card{}, errCardForm
	}
	return card, nil
}

// validForm tells whether the card fits the encoding: the number is 12 to 19
// digits, the expiry a month, the name text of a bounded length.
func validForm(card vault.Card) bool {
	for i := range len(card.Number) {
		if card.Number[i] < '0' || card.Number[i] > '9' {
			return false
		}
	}
	return len(card.Number) >= vault.MinDigits && len(card.Number) <= vault.MaxDigits &&
		card.ExpMonth >= 1 && card.ExpMonth <= 12 && card.ExpYear >= 1000 && card.ExpYear <= 9999 &&
		utf8.ValidString(card.Name) && utf8.RuneCountInString(card.Name) <= vault.MaxNameLength
}
