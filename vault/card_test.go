package vault_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"florin/problem"
	"florin/vault"
)

const number = "4242424242424242"

// holder is how a card usually travels: inside other values.
type holder struct {
	Card    vault.Card
	Pointer *vault.Card
	List    []vault.Card
	Map     map[string]vault.Card
	Input   vault.CardInput
	Any     any
}

// secrets are what no text may hold: the number, its first six digits, the code.
var secrets = []string{number, number[:6], "987"}

func TestCardsNeverShow(t *testing.T) {
	t.Parallel()
	card := vault.Card{Number: number, ExpMonth: 12, ExpYear: 2030, CVC: "987", Name: "Ada"}
	in := vault.CardInput{Number: number, ExpMonth: 12, ExpYear: 2030, CVC: "987", Name: "Ada"}
	h := holder{card, &card, []vault.Card{card}, map[string]vault.Card{"a": card}, in, card}
	for _, value := range []any{card, &card, in, &in, h, &h, h.List, h.Map} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%z", "%10.3v"} {
			checkSecret(t, fmt.Sprintf("%T with %s", value, verb), fmt.Sprintf(verb, value))
		}
		checkSecret(t, fmt.Sprintf("%T with Sprintln", value), fmt.Sprintln(value))
		wrapped := fmt.Errorf("charge %v: %w", value, errors.ErrUnsupported)
		checkSecret(t, fmt.Sprintf("%T in an error", value), wrapped.Error())

		asJSON, err := json.Marshal(value)
		if err == nil || !problem.Is(err, problem.Internal) {
			t.Errorf("json.Marshal of %T: got %s and %v, want an error", value, asJSON, err)
		}
		asXML, _ := xml.Marshal(value)
		checkSecret(t, fmt.Sprintf("%T as JSON", value), fmt.Sprint(string(asJSON), err))
		checkSecret(t, fmt.Sprintf("%T as XML", value), string(asXML))

		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "card", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "card", value)
		checkSecret(t, fmt.Sprintf("%T in a log", value), log.String())
	}
	if got := fmt.Sprint(card); got != "card ending in 4242" {
		t.Errorf("got %s", got)
	}
}

func checkSecret(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s: %s", where, text)
		}
	}
}

func TestLast4(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"": "", "123": "", "1234": "1234", number: "4242"} {
		if got := (vault.Card{Number: number}).Last4(); got != want {
			t.Errorf("%s: got %q, want %q", number, got, want)
		}
	}
}
