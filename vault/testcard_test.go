package vault_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"florin/problem"
	"florin/vault"
)

func TestGoldenTestCards(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/testcards.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) < 4 {
			continue
		}
		lines++
		name, number, brand := fields[0], fields[1], vault.Brand(fields[2])
		card, ok := vault.TestMethod(name)
		if !ok || card.Number != number || vault.BrandOf(card.Number) != brand {
			t.Errorf("%s: got %s, %s, %v", name, card, vault.BrandOf(card.Number), ok)
		}
		want := append(fields[3:], "-")[:2]
		for i, behaviour := range []func(string) (problem.Code, bool){
			vault.TestBehaviour, vault.TestAfterAuthentication,
		} {
			code, declines := behaviour(number)
			if declines != (want[i] != "-") || (declines && string(code) != want[i]) {
				t.Errorf("%s: answer %d is %q, %v, want %s", name, i, code, declines, want[i])
			}
		}
	}
	if lines < 50 {
		t.Errorf("the golden table has %d lines", lines)
	}
}

// Every test card can be stored: ParseCard takes it, now and in years.
func TestTestMethodsAreCards(t *testing.T) {
	t.Parallel()
	names := vault.TestMethods()
	if !slices.IsSorted(names) || len(names) < 110 {
		t.Errorf("%d names, sorted: %v", len(names), slices.IsSorted(names))
	}
	for _, name := range names {
		card, ok := vault.TestMethod(name)
		if !ok || !strings.HasPrefix(name, "pm_card_") || strings.Contains(name, "visa_visa") {
			t.Errorf("%s: %v", name, ok)
		}
		for _, year := range []int{2025, 2070} {
			in := vault.CardInput{Number: card.Number, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear}
			got, err := vault.ParseCard(in, time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC))
			if err != nil || got != card {
				t.Errorf("%s: %v", name, err)
			}
		}
		if code, declines := vault.TestBehaviour(card.Number); declines && !code.IsDecline() {
			t.Errorf("%s: %s is no reason of a decline", name, code)
		}
	}
}

func TestTestMethodKnowsNothingElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "pm_card_", "visa", "pm_card_Visa", "PM_CARD_VISA", "tok_visa", "pm_card_visa "} {
		if _, ok := vault.TestMethod(name); ok {
			t.Errorf("TestMethod knows %q", name)
		}
	}
}

func TestTestBehaviourOfOtherNumbers(t *testing.T) {
	t.Parallel()
	if code, declines := vault.TestBehaviour(vault.AlwaysBlocked); !declines || code != problem.FraudDetected {
		t.Errorf("AlwaysBlocked: got %s, %v", code, declines)
	}
	for _, number := range []string{"", "4242424242424242", "4111111111111111", "4000 0000 0000 0002"} {
		if code, declines := vault.TestBehaviour(number); declines || code != "" {
			t.Errorf("%q: got %s, %v", number, code, declines)
		}
	}
}

// What follows a charge is said of numbers that approve, each of which has a
// name.
func TestWhatFollowsACharge(t *testing.T) {
	t.Parallel()
	disputed, pend, fail := 0, 0, 0
	for _, name := range vault.TestMethods() {
		card, _ := vault.TestMethod(name)
		reason, disputes := vault.TestDispute(card.Number)
		if disputes {
			disputed++
		}
		if vault.TestRefundsPend(card.Number) {
			pend++
		}
		if vault.TestRefundsFail(card.Number) {
			fail++
		}
		_, refused := vault.TestBehaviour(card.Number)
		if disputes && (refused || reason == "") {
			t.Errorf("%s is disputed for %q, refused %v", name, reason, refused)
		}
	}
	if disputed != 6 || pend != 1 || fail != 1 {
		t.Errorf("%d are disputed, the refunds of %d pend and of %d fail", disputed, pend, fail)
	}
	if card, _ := vault.TestMethod("pm_card_authenticationRequiredSetupForOffSession"); !vault.TestSetUp(card.Number) ||
		vault.TestSetUp("4000002760003184") {
		t.Error("the wrong card is set up already")
	}
}
