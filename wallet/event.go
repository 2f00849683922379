package wallet

import (
	"encoding/json"

	"florin/event"
	"florin/ident"
)

// What events tell: ids, words and amounts. Reasons and metadata may be personal
// and are not among them.

func (a Adjustment) event() event.Event {
	return event.Event{
		Type: event.WalletAdjusted, Kind: ident.Transaction, Object: a.ID, Version: 1, UserID: a.UserID,
		Data: data(struct {
			ID            string      `json:"id"`
			Object        string      `json:"object"`
			UserID        int64       `json:"user_id"`
			Amount        int64       `json:"amount"`
			Currency      string      `json:"currency"`
			TransactionID string      `json:"transaction_id"`
			Balance       json.Number `json:"balance"`
		}{
			a.ID.Text(ident.Transaction), "adjustment", a.UserID, a.Amount.Minor, string(a.Amount.Currency),
			a.TransactionID, json.Number(a.Balance.String()),
		}),
	}
}

func (h Hold) event(kind event.Type) event.Event {
	return event.Event{
		Type: kind, Kind: ident.Hold, Object: h.ID, Version: h.Version, UserID: h.UserID,
		Data: data(struct {
			ID        string `json:"id"`
			Object    string `json:"object"`
			Status    string `json:"status"`
			UserID    int64  `json:"user_id"`
			Amount    int64  `json:"amount"`
			Captured  int64  `json:"amount_captured"`
			Currency  string `json:"currency"`
			ExpiresAt string `json:"expires_at"`
		}{
			h.ID.Text(ident.Hold), "hold", string(h.Status), h.UserID, h.Amount.Minor, h.CapturedMinor,
			string(h.Amount.Currency), h.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z"),
		}),
	}
}

func (p Payout) event(kind event.Type) event.Event {
	return event.Event{
		Type: kind, Kind: ident.Payout, Object: p.ID, Version: p.Version, UserID: p.UserID,
		Data: data(struct {
			ID       string `json:"id"`
			Object   string `json:"object"`
			Status   string `json:"status"`
			UserID   int64  `json:"user_id"`
			Amount   int64  `json:"amount"`
			Currency string `json:"currency"`
		}{
			p.ID.Text(ident.Payout), "payout", string(p.Status), p.UserID, p.Amount.Minor, string(p.Amount.Currency),
		}),
	}
}

// data writes one of the objects above, whose members all can be written.
func data(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("wallet: an event cannot be written: " + err.Error())
	}
	return text
}
