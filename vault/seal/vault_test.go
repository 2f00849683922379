package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"florin/ident"
	"florin/vault"
	"florin/vault/seal"
)

func TestSealRoundTrip(t *testing.T) {
	t.Parallel()
	v := open(t, newKEK(t), newShelf())
	rapid.Check(t, func(t *rapid.T) {
		id := newID(rapid.Uint64().Draw(t, "id"))
		want := vault.Card{
			Number:   rapid.StringMatching(`[0-9]{12,19}`).Draw(t, "number"),
			ExpMonth: rapid.IntRange(1, 12).Draw(t, "month"),
			ExpYear:  rapid.IntRange(1000, 9999).Draw(t, "year"),
			Name:     rapid.StringN(0, vault.MaxNameLength, -1).Draw(t, "name"),
		}
		card := want
		card.CVC = rapid.StringMatching(`[0-9]{0,4}`).Draw(t, "cvc")
		sealed, err := v.Seal(id, card)
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != 46+len(card.Name) || bytes.Contains(sealed, []byte(card.Number)) {
			t.Fatalf("%d bytes with a name of %d", len(sealed), len(card.Name))
		}
		if got, err := v.Unseal(id, sealed); err != nil || got != want {
			t.Fatalf("got %s and %v", got, err)
		}
	})
}

func TestUnsealRefuses(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	v, stranger := open(t, kek, newShelf()), open(t, kek, newShelf())
	id := newID(1)
	good, err := v.Seal(id, aCard())
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, v *seal.Vault, id ident.ID, sealed []byte) {
		t.Helper()
		got, err := v.Unseal(id, sealed)
		if !errors.Is(err, seal.ErrUnseal) || got != (vault.Card{}) {
			t.Errorf("%s: got %s and %v, want ErrUnseal", name, got, err)
		}
		checkSecret(t, fmt.Sprint(err))
	}
	check("another id", v, newID(2), good)
	check("the zero id", v, ident.ID{}, good)
	check("another store", stranger, id, good)
	check("nothing", v, id, nil)
	check("noise", v, id, randomBytes(len(good)))
	check("a byte more", v, id, append(bytes.Clone(good), 0))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		check(fmt.Sprintf("byte %d changed", i), v, id, bad)
		check(fmt.Sprintf("cut to %d bytes", i), v, id, good[:i])
	}
}

// The same card is sealed differently each time: nothing tells that it is the same.
func TestSealIsRandom(t *testing.T) {
	t.Parallel()
	v := open(t, newKEK(t), newShelf())
	one, err1 := v.Seal(newID(1), aCard())
	two, err2 := v.Seal(newID(1), aCard())
	if err1 != nil || err2 != nil || bytes.Equal(one[5:], two[5:]) {
		t.Errorf("alike: %v, %v", err1, err2)
	}
}

func TestSealRefusesWhatIsNoCard(t *testing.T) {
	t.Parallel()
	v := open(t, newKEK(t), newShelf())
	if _, err := v.Seal(ident.ID{}, aCard()); err == nil {
		t.Error("the zero id: no error")
	}
	for name, change := range map[string]func(*vault.Card){
		"no number":     func(c *vault.Card) { c.Number = "" },
		"11 digits":     func(c *vault.Card) { c.Number = number[:11] },
		"20 digits":     func(c *vault.Card) { c.Number = number + "0000" },
		"a space":       func(c *vault.Card) { c.Number = "4242 4242 4242 4242" },
		"a letter":      func(c *vault.Card) { c.Number = number[:15] + "x" },
		"a sign":        func(c *vault.Card) { c.Number = "+" + number },
		"month 0":       func(c *vault.Card) { c.ExpMonth = 0 },
		"month 13":      func(c *vault.Card) { c.ExpMonth = 13 },
		"year 30":       func(c *vault.Card) { c.ExpYear = 30 },
		"year 10000":    func(c *vault.Card) { c.ExpYear = 10000 },
		"a long name":   func(c *vault.Card) { c.Name = strings.Repeat("é", 101) },
		"a broken name": func(c *vault.Card) { c.Name = "\xff" },
	} {
		card := aCard()
		change(&card)
		sealed, err := v.Seal(newID(1), card)
		if err == nil || sealed != nil {
			t.Errorf("%s: got %x and %v", name, sealed, err)
		}
		checkSecret(t, fmt.Sprint(err))
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	v, stranger := open(t, kek, newShelf()), open(t, kek, newShelf())
	form := regexp.MustCompile(`^[a-z2-7]{16}$`)
	seen := map[string]string{}
	for _, name := range vault.TestMethods() {
		card, _ := vault.TestMethod(name)
		mark := v.Fingerprint(card.Number)
		if !form.MatchString(mark) || mark != v.Fingerprint(card.Number) {
			t.Errorf("%s: %s, then %s", name, mark, v.Fingerprint(card.Number))
		}
		if other, taken := seen[mark]; taken && other != card.Number {
			t.Errorf("%s has the fingerprint of another number", name)
		}
		seen[mark] = card.Number
		if mark == stranger.Fingerprint(card.Number) {
			t.Errorf("%s: two stores have the same fingerprint", name)
		}
	}
}

var secrets = []string{number, number[:6], "987"}

func checkSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in: %s", text)
		}
	}
}

// A vault and a key print as words, in whatever they are.
func TestKeysNeverShow(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	v := open(t, kek, newShelf())
	v.Digest([]byte(number))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, v); got != "vault" {
			t.Errorf("a vault with %s: %s", verb, got)
		}
		if got := fmt.Sprintf(verb, kek); got != "key file" {
			t.Errorf("a key with %s: %s", verb, got)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(io.MultiWriter(&log), nil)).Info("x", "vault", v, "kek", kek)
	if !strings.Contains(log.String(), `vault=vault kek="key file"`) {
		t.Errorf("in a log: %s", log.String())
	}
}
