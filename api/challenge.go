package api

import (
	"bytes"
	"context"
	_ "embed" // of the page
	"html/template"
	"net/http"
	"net/url"

	"florin/ident"
	"florin/money"
	"florin/problem"
)

// Challenges are the pages on which the holders of test cards authenticate.
type Challenges interface {
	// Challenge returns the challenge of a charge at a gateway, or a not-found
	// problem.
	Challenge(ctx context.Context, gateway string, operation ident.ID) (Challenge, error)
	// EndChallenge ends it, passed or failed; one that has ended stays as it is.
	EndChallenge(ctx context.Context, gateway string, operation ident.ID, passed bool) error
}

// Challenge is a charge for which the cardholder must authenticate.
type Challenge struct {
	Payment   ident.ID
	Amount    money.Amount
	Last4     string
	ReturnURL string // "" for none
	Open      bool
}

//go:embed docs/challenge.html
var challengeText string

var challengePage = template.Must(template.New("challenge").Parse(challengeText))

// showChallenge answers GET /simulated/{gateway}/challenge/{operation}.
func (c *call) showChallenge() error {
	_, challenge, err := c.challenge()
	if err != nil {
		return err
	}
	return c.challengePage(challenge)
}

// endChallenge answers POST /simulated/{gateway}/challenge/{operation}: the
// form's button says how the challenge ends. Then it leads back to the shop.
func (c *call) endChallenge() error {
	operation, _, err := c.challenge()
	if err != nil {
		return err
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, 4096)
	outcome := c.r.PostFormValue("outcome")
	if outcome != "complete" && outcome != "fail" {
		return problem.Invalid("outcome", "must be complete or fail")
	}
	err = c.api.cfg.Challenges.EndChallenge(c.r.Context(), c.r.PathValue("gateway"), operation, outcome == "complete")
	if err != nil {
		return err
	}
	_, challenge, err := c.challenge()
	if err != nil {
		return err
	}
	back, err := url.Parse(challenge.ReturnURL)
	if err != nil || challenge.ReturnURL == "" {
		return c.challengePage(challenge)
	}
	query := back.Query()
	query.Set("payment", challenge.Payment.Text(ident.Payment))
	back.RawQuery = query.Encode()
	c.w.Header().Set("Location", back.String())
	c.out = c.out[:0]
	c.send(http.StatusSeeOther, htmlType)
	return nil
}

func (c *call) challenge() (operation ident.ID, challenge Challenge, err error) {
	operation, err = ident.Parse(ident.Attempt, c.r.PathValue("operation"))
	if err != nil || c.api.cfg.Challenges == nil {
		return operation, challenge, problem.New(problem.NotFound, "there is no such challenge")
	}
	challenge, err = c.api.cfg.Challenges.Challenge(c.r.Context(), c.r.PathValue("gateway"), operation)
	return operation, challenge, err
}

func (c *call) challengePage(challenge Challenge) error {
	var page bytes.Buffer
	if err := challengePage.Execute(&page, challenge); err != nil {
		return err
	}
	header := c.w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	c.out = append(c.out[:0], page.Bytes()...)
	c.send(http.StatusOK, htmlType)
	return nil
}
