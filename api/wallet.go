package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// WalletFlows are the use cases of wallets.
type WalletFlows interface {
	Wallet(ctx context.Context, userID int64) ([]flow.Balance, error)
	Adjust(ctx context.Context, r flow.Adjust) (a wallet.Adjustment, replayed bool, err error)
	PlaceHold(ctx context.Context, r flow.PlaceHold) (h wallet.Hold, replayed bool, err error)
	EndHold(ctx context.Context, r flow.EndHold) (h wallet.Hold, replayed bool, err error)
	HoldByID(ctx context.Context, userID int64, id ident.ID) (wallet.Hold, error)
	Holds(ctx context.Context, q store.HoldQuery) ([]wallet.Hold, error)
	RecordSettlement(ctx context.Context, r flow.RecordSettlement) (s ledger.Settlement, replayed bool, err error)
	PayOut(ctx context.Context, r flow.PayOut) (p wallet.Payout, replayed bool, err error)
	PayoutByID(ctx context.Context, id ident.ID) (wallet.Payout, error)
	Payouts(ctx context.Context, q store.PayoutQuery) ([]wallet.Payout, error)
}

// Integer is a sum, which may be beyond 64 bits.
type Integer string

func integer(s money.Sum) Integer { return Integer(s.String()) }

// MarshalJSON implements json.Marshaler.
func (i Integer) MarshalJSON() ([]byte, error) { return []byte(i), nil }

// Schema implements huma.SchemaProvider.
func (Integer) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

// Wallet is what a user has, as JSON tells it.
type Wallet struct {
	Object   string    `json:"object" enum:"wallet"`
	UserID   int64     `json:"user_id" example:"42"`
	Balances []Balance `json:"balances" nullable:"false" doc:"By currency; none for a user who never had anything."`
	Livemode bool      `json:"livemode"`
}

// Balance is what a user has in one currency.
type Balance struct {
	Currency  string  `json:"currency" example:"USD"`
	Available Integer `json:"available" doc:"In minor units: what can be spent."`
	Held      Integer `json:"held" doc:"What holds have set aside, and refunds that are under way."`
}

// getWallet answers GET /api/v1/wallets/{user_id}.
func (c *call) getWallet() error {
	userID, err := c.pathUser()
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	balances, err := c.api.cfg.Flows.Wallet(c.r.Context(), userID)
	if err != nil {
		return err
	}
	w := Wallet{Object: "wallet", UserID: userID, Balances: []Balance{}, Livemode: c.api.live()}
	for _, b := range balances {
		w.Balances = append(w.Balances, Balance{string(b.Currency), integer(b.Available), integer(b.Held)})
	}
	return c.object(http.StatusOK, w)
}

// pathUser reads the user in the path.
func (c *call) pathUser() (int64, error) {
	text := c.r.PathValue("user_id")
	userID, err := strconv.ParseInt(text, 10, 64)
	if err != nil || userID < 1 || text[0] < '1' { // ParseInt takes "+1" and "01"
		return 0, problem.Invalid("user_id", "must be an integer above zero")
	}
	return userID, nil
}

// AdjustmentRequest changes a wallet by hand.
type AdjustmentRequest struct {
	Amount        int64  `json:"amount" doc:"In minor units; a negative one is taken from the wallet." example:"5500"`
	Currency      string `json:"currency" doc:"ISO 4217." example:"USD"`
	TransactionID string `json:"transaction_id" minLength:"1" maxLength:"255" doc:"Yours; unique per user for ever."`
	Reason        string `json:"reason,omitempty" maxLength:"1000" example:"Goodwill"`
}

var adjustmentMembers = []string{"amount", "currency", "transaction_id", "reason"}

// Adjustment is what became of it.
type Adjustment struct {
	ID            string  `json:"id" doc:"Of the ledger transaction." example:"txn_0192f3a4b5c67d008123456789abcdef"`
	Object        string  `json:"object" enum:"adjustment"`
	UserID        int64   `json:"user_id" example:"42"`
	Amount        int64   `json:"amount" example:"5500"`
	Currency      string  `json:"currency" example:"USD"`
	TransactionID string  `json:"transaction_id" example:"import-1"`
	Reason        *string `json:"reason"`
	Balance       Integer `json:"balance" doc:"What the wallet has available after it."`
	Livemode      bool    `json:"livemode"`
	CreatedAt     string  `json:"created_at" format:"date-time"`
}

// adjustWallet answers POST /api/v1/wallets/{user_id}/adjustments.
func (c *call) adjustWallet() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	r := flow.Adjust{}
	if r.UserID, err = c.pathUser(); err != nil {
		return err
	}
	if err := c.decode(maxBody, false, func(d *decoder) { d.adjustment(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	a, replayed, err := c.api.cfg.Flows.Adjust(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	return c.object(http.StatusCreated, Adjustment{
		ID: a.ID.Text(ident.Transaction), Object: "adjustment", UserID: a.UserID, Amount: a.Amount.Minor,
		Currency: string(a.Amount.Currency), TransactionID: a.TransactionID, Reason: orNull(a.Reason),
		Balance: integer(a.Balance), Livemode: c.api.live(), CreatedAt: timeText(a.ID.Time()),
	})
}

func (d *decoder) adjustment(r *flow.Adjust) {
	d.members(adjustmentMembers, func(name string) {
		switch name {
		case "amount":
			if r.Amount.Minor = d.integer(); r.Amount.Minor == 0 {
				d.invalid("must not be zero")
			}
		case "currency":
			r.Amount.Currency = d.currency()
		case "transaction_id":
			r.TransactionID = d.key()
		case "reason":
			r.Reason = d.text(maxDescription)
		}
	})
	if r.TransactionID == "" {
		d.invalidMember("transaction_id", "is required")
	}
	magnitude := r.Amount
	if magnitude.Minor < 0 {
		magnitude.Minor = -magnitude.Minor
	}
	d.amount(magnitude)
}

// amount checks that an amount, whose parts have been read, is one.
func (d *decoder) amount(a money.Amount) {
	switch {
	case a.Minor == 0:
		d.invalidMember("amount", "is required")
	case a.Currency == "":
		d.invalidMember("currency", "is required")
	case a.Minor > a.Currency.MaxMinor():
		d.invalidMember("amount", "is more than %d, the most in %s", a.Currency.MaxMinor(), a.Currency)
	}
}

// orNull returns nil for an empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
