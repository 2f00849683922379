package sim

import (
	"slices"
	"time"

	"florin/gateway/simulated"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/vault"
)

// challengeLife is how long a cardholder has to end a challenge.
const challengeLife = time.Hour

// challengeCards are those for which the cardholder must authenticate: some
// decline even then, and one is set up for payments without the cardholder.
var challengeCards = []string{
	"pm_card_authenticationRequired", "pm_card_threeDSecure2Required", "pm_card_authenticationRequiredOnSetup",
	"pm_card_authenticationRequiredSetupForOffSession",
	"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "pm_card_threeDSecureRequiredChargeDeclined",
}

// authenticate is a cardholder at the page of a challenge: rather a recent one,
// which may have been canceled or have ended meanwhile. Some never come.
func (l *workload) authenticate(*request) {
	if len(l.challenged) == 0 {
		return
	}
	n := len(l.challenged)
	p := l.challenged[max(0, n-1-l.dice.IntN(5))]
	for _, c := range l.challenged {
		_, ended := l.w.audit.challenges[c.attempt]
		if !ended && l.w.audit.owner[c.attempt].row.Status == payment.Canceled && l.dice.hit(0.5) {
			p = c // whom the merchant has given up
		}
	}
	at := l.w.provider(p.gateway)
	passes := l.dice.hit(0.65)
	c, err := at.inner.Challenge(background(), p.attempt)
	if err != nil {
		l.w.fail("audit: %s requires action, and has no challenge: %v", p.attempt.Text(ident.Attempt), err)
		return
	}
	if c.Open {
		l.w.audit.challenges[p.attempt] = passes
		l.w.say("the cardholder of %s passes: %t", p.attempt.Text(ident.Attempt), passes)
		if l.w.audit.owner[p.attempt].row.Status == payment.Canceled && passes {
			l.w.count("challenge passed after its payment was canceled")
		}
		l.w.count(map[bool]string{true: "challenge passed", false: "challenge failed"}[passes])
	}
	if err := at.inner.EndChallenge(background(), p.attempt, passes); err != nil {
		l.w.fail("audit: a challenge cannot be ended: %v", err)
	}
}

// challenge is one that clients were told of.
type challenge struct {
	attempt ident.ID
	gateway string
}

// provider returns a gateway by its name.
func (w *world) provider(name string) *provider {
	for _, p := range w.providers {
		if p.Name() == name {
			return p
		}
	}
	panic("sim: no gateway is called " + name)
}

// refusal tells what the card of an attempt answers, as far as its cardholder
// has gone.
func (a *auditor) refusal(n payment.Attempt) (code problem.Code, refuses bool) {
	number := a.number(n.Method)
	code, refuses = vault.TestBehaviour(number)
	switch {
	case code != problem.AuthenticationFail:
		return code, refuses
	case a.offSession(n):
		return code, !vault.TestSetUp(number)
	case a.challenges[n.ID]:
		return vault.TestAfterAuthentication(number)
	}
	return code, true
}

func (a *auditor) offSession(n payment.Attempt) bool {
	return a.payments[n.Payment].row.Details.OffSession
}

// checkChallenge checks that an attempt waits for its cardholder only if it must,
// and is declined for want of one only if nobody came in time.
func (a *auditor) checkChallenge(n payment.Attempt) {
	name := n.ID.Text(ident.Attempt)
	asks, _ := vault.TestBehaviour(a.number(n.Method))
	passed, ended := a.challenges[n.ID]
	switch {
	case n.Outcome == payment.OutcomeRequiresAction:
		if asks != problem.AuthenticationFail || a.offSession(n) {
			a.fail("%s requires action, with a card that does not", name)
		}
	case n.Outcome != payment.OutcomeDeclined || n.Reason != problem.AuthenticationFail || a.offSession(n):
	case ended && !passed, a.w.latest.Sub(n.ID.Time()) >= challengeLife:
	case a.payments[n.Payment].row.Status == payment.Canceled:
	default:
		a.fail("%s is declined, and its cardholder has time", name)
	}
}

// checkAction checks that a payment leads its cardholder to the right place.
func (a *auditor) checkAction(p payment.Payment) {
	want := ""
	if p.Status == payment.RequiresAction {
		want = simulated.ChallengePath(p.Gateway, p.Attempt)
	}
	if p.ActionURL != want {
		a.fail("%s is %s and leads to %q", p.ID.Text(ident.Payment), p.Status, p.ActionURL)
	}
}

// gaveUp tells whether a confirm is told the decline of a challenge that was
// canceled: its attempt was declined, while the payment went on to canceled.
func (a *auditor) gaveUp(r *request, told payment.State) bool {
	record := a.payments[r.payment]
	asks, _ := vault.TestBehaviour(a.number(told.PaymentMethod))
	return r.kind == confirm && told.Version == 0 && told.Status == payment.Declined && record != nil &&
		record.row.Status == payment.Canceled && told.Attempt == record.row.Attempt &&
		asks == problem.AuthenticationFail && slices.Contains(
		[]problem.Code{problem.AuthenticationFail, problem.NotCharged}, told.Reason)
}
