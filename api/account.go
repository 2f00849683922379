package api

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
)

// LedgerFlows read the books.
type LedgerFlows interface {
	LedgerAccount(
		ctx context.Context, name ledger.Name, currency money.Currency, at time.Time,
	) (ledger.Account, error)
	LedgerAccounts(ctx context.Context, userID int64, q store.AccountQuery) ([]ledger.Account, error)
	LedgerEntries(ctx context.Context, q store.EntryQuery) ([]store.Posted, error)
	TrialBalance(ctx context.Context) ([]ledger.TrialLine, error)
}

// Account is an account of the ledger as JSON tells it, its shards together.
type Account struct {
	ID       string  `json:"id" doc:"Its name and currency." example:"user:42:wallet/USD"`
	Object   string  `json:"object" enum:"ledger_account"`
	Name     string  `json:"name" example:"user:42:wallet"`
	Currency string  `json:"currency" example:"USD"`
	Balance  Integer `json:"balance" doc:"In minor units; what is owed to us is negative."`
	At       *string `json:"at" format:"date-time" doc:"The time asked for; null for now."`
}

func account(a ledger.Account) Account {
	return Account{
		ID: string(a.Name) + "/" + string(a.Currency), Object: "ledger_account", Name: string(a.Name),
		Currency: string(a.Currency), Balance: integer(a.Balance),
	}
}

// LedgerEntry is one account's side of a transaction.
type LedgerEntry struct {
	ID          string   `json:"id" example:"ent_0192f3a4b5c67d008123456789abcdef"`
	Object      string   `json:"object" enum:"ledger_entry"`
	Account     string   `json:"account" example:"user:42:wallet"`
	Currency    string   `json:"currency" example:"USD"`
	Amount      int64    `json:"amount" doc:"In minor units; a credit is positive, a debit negative." example:"5500"`
	Seq         *int64   `json:"seq" doc:"Its place in the history of a user's account; null for others."`
	Balance     *Integer `json:"balance" doc:"Of a user's account, after it; null for others."`
	Transaction string   `json:"transaction" example:"txn_0192f3a4b5c67d008123456789abcdef"`
	Kind        string   `json:"kind" doc:"Why it was written." example:"adjustment"`
	Source      *string  `json:"source" doc:"What it books." example:"txn_0192f3a4b5c67d008123456789abcdef"`
	Payment     *string  `json:"payment"`
	CreatedAt   string   `json:"created_at" format:"date-time"`
}

// TransformSchema says what tags have no room for.
func (LedgerEntry) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	balance := s.Properties["balance"]
	s.Properties["balance"] = &huma.Schema{
		Description: balance.Description, AnyOf: []*huma.Schema{{Type: huma.TypeInteger}, {Type: "null"}},
	}
	return s
}

func ledgerEntry(p store.Posted) LedgerEntry {
	t := p.Transaction
	e := LedgerEntry{
		ID: p.ID.Text(ident.Entry), Object: "ledger_entry", Account: string(p.Account.Name),
		Currency: string(p.Account.Currency), Amount: p.Minor, Transaction: t.ID.Text(ident.Transaction),
		Kind: string(t.Kind), Payment: orNull(t.Payment.Text(ident.Payment)), CreatedAt: timeText(p.ID.Time()),
	}
	if kind := t.Kind.Books(); kind != "" {
		e.Source = orNull(t.Object.Text(kind))
	}
	if _, ofUser := p.Account.Name.UserID(); ofUser {
		balance := integer(p.Balance)
		e.Seq, e.Balance = &p.Seq, &balance
	}
	return e
}

// TrialBalance is the books' sums.
type TrialBalance struct {
	Object     string          `json:"object" enum:"trial_balance"`
	Balanced   bool            `json:"balanced" doc:"Whether debits and credits are alike in every currency."`
	Currencies []TrialCurrency `json:"currencies" nullable:"false"`
}

// TrialCurrency is the sums of one currency.
type TrialCurrency struct {
	Currency string         `json:"currency" example:"USD"`
	Debits   Integer        `json:"debits" doc:"The sum of all balances that are debits, without a sign."`
	Credits  Integer        `json:"credits"`
	Balance  Integer        `json:"balance" doc:"Credits less debits: 0."`
	Accounts []TrialAccount `json:"accounts" nullable:"false" doc:"All users' wallets are one, and all that is held."`
}

// TrialAccount is one account of it, its shards together.
type TrialAccount struct {
	Name    string  `json:"name" example:"user:*:wallet"`
	Debits  Integer `json:"debits"`
	Credits Integer `json:"credits"`
	Balance Integer `json:"balance"`
}

// The form of an account's name.
var accountName = regexp.MustCompile(`^[a-z0-9_:-]{1,128}$`)

// pathAccount reads the account's name in the path, and its currency.
func (c *call) pathAccount(q *query) (ledger.Name, money.Currency, error) {
	name := c.r.PathValue("name")
	if !accountName.MatchString(name) {
		return "", "", problem.Invalid("name", "is not an account's name, such as sales or user:42:wallet")
	}
	currency := q.currency("currency")
	if currency == "" {
		q.invalid("currency", "is required: an account has one of each currency")
	}
	return ledger.Name(name), currency, nil
}

// getAccount answers GET /api/v1/ledger/accounts/{name}.
func (c *call) getAccount() error {
	q := c.query()
	name, currency, err := c.pathAccount(q)
	if err != nil {
		return err
	}
	at := q.time("at")
	if err := q.finish(); err != nil {
		return err
	}
	found, err := c.api.cfg.Flows.LedgerAccount(c.r.Context(), name, currency, at)
	if err != nil {
		return err
	}
	answer := account(found)
	if !at.IsZero() {
		answer.At = orNull(timeText(at))
	}
	return c.object(http.StatusOK, answer)
}

// listAccounts answers GET /api/v1/ledger/accounts.
func (c *call) listAccounts() error {
	q := c.query()
	userID := q.integer("user_id", 1)
	list := store.AccountQuery{Currency: q.currency("currency"), Limit: q.limit()}
	list.Prefix, _ = q.take("prefix")
	if after, given := q.take("starting_after"); given {
		name, currency, ok := strings.Cut(after, "/")
		if !ok || !accountName.MatchString(name) {
			q.invalid("starting_after", "must be an account's id, such as sales/USD")
		}
		list.AfterName, list.AfterCurrency = ledger.Name(name), money.Currency(currency)
	}
	if list.Prefix != "" && userID != 0 {
		q.invalid("prefix", "cannot stand beside user_id")
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	accounts, err := c.api.cfg.Flows.LedgerAccounts(c.r.Context(), userID, list)
	if err != nil {
		return err
	}
	accounts, more := paged(accounts, store.Page{}, limit)
	return c.object(http.StatusOK, listOf(accounts, more, account))
}

// listEntries answers GET /api/v1/ledger/accounts/{name}/entries.
func (c *call) listEntries() error {
	q := c.query()
	name, currency, err := c.pathAccount(q)
	if err != nil {
		return err
	}
	list := store.EntryQuery{Name: name, Currency: currency, Page: q.page(ident.Entry)}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	entries, err := c.api.cfg.Flows.LedgerEntries(c.r.Context(), list)
	if err != nil {
		return err
	}
	entries, more := paged(entries, list.Page, limit)
	return c.object(http.StatusOK, listOf(entries, more, ledgerEntry))
}

// trialBalance answers GET /api/v1/ledger/trial_balance.
func (c *call) trialBalance() error {
	if err := c.noQuery(); err != nil {
		return err
	}
	lines, err := c.api.cfg.Flows.TrialBalance(c.r.Context())
	if err != nil {
		return err
	}
	answer := TrialBalance{Object: "trial_balance", Balanced: true, Currencies: []TrialCurrency{}}
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Currency == lines[0].Currency {
			n++
		}
		one, balanced, err := trialCurrency(lines[:n])
		if err != nil {
			return err
		}
		answer.Currencies = append(answer.Currencies, one)
		answer.Balanced = answer.Balanced && balanced
		lines = lines[n:]
	}
	return c.object(http.StatusOK, answer)
}

// trialCurrency adds up the accounts of one currency.
func trialCurrency(lines []ledger.TrialLine) (sum TrialCurrency, balanced bool, err error) {
	var debits, credits, balance money.Sum
	sum = TrialCurrency{Currency: string(lines[0].Currency), Accounts: []TrialAccount{}}
	for _, line := range lines {
		owed, err := magnitude(line.Debits)
		if err != nil {
			return sum, false, err
		}
		for _, add := range []struct {
			to   *money.Sum
			what money.Sum
		}{{&debits, owed}, {&credits, line.Credits}, {&balance, line.Balance}} {
			if *add.to, err = add.to.Plus(add.what); err != nil {
				return sum, false, err
			}
		}
		sum.Accounts = append(sum.Accounts, TrialAccount{
			string(line.Name), integer(owed), integer(line.Credits), integer(line.Balance),
		})
	}
	sum.Debits, sum.Credits, sum.Balance = integer(debits), integer(credits), integer(balance)
	return sum, balance.IsZero(), nil
}

// magnitude returns a sum without its sign.
func magnitude(s money.Sum) (money.Sum, error) {
	return money.ParseSum(strings.TrimPrefix(s.String(), "-"))
}
