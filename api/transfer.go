package api

import (
	"errors"
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// Transfer is a transfer as JSON tells it. appendTransfer writes the same,
// faster: a test holds the two together.
type Transfer struct {
	ID          string            `json:"id" example:"trf_0192f3a4b5c67d008123456789abcdef"`
	Object      string            `json:"object" enum:"transfer"`
	FromUserID  int64             `json:"from_user_id" example:"42"`
	ToUserID    int64             `json:"to_user_id" example:"43"`
	Amount      int64             `json:"amount" doc:"In minor units." example:"1099"`
	Currency    string            `json:"currency" doc:"ISO 4217." example:"USD"`
	Status      string            `json:"status" enum:"pending,succeeded,failed"`
	Reason      string            `json:"reason,omitempty" doc:"Why it failed: the sender has the money back."`
	Description *string           `json:"description"`
	Metadata    map[string]string `json:"metadata"`
	Livemode    bool              `json:"livemode"`
	CreatedAt   string            `json:"created_at" format:"date-time"`
}

// appendTransfer appends a transfer.
func appendTransfer(dst []byte, t *wallet.Transfer, live bool) []byte {
	dst = append(dst, `{"id":"`...)
	dst = append(t.ID.Append(dst, ident.Transfer), `","object":"transfer"`...)
	dst = appendInt(dst, "from_user_id", t.FromUserID)
	dst = appendInt(dst, "to_user_id", t.ToUserID)
	dst = appendInt(dst, "amount", t.Amount.Minor)
	dst = appendWord(dst, "currency", string(t.Amount.Currency))
	dst = appendWord(dst, "status", string(t.Status))
	if t.Reason != "" {
		dst = appendWord(dst, "reason", string(t.Reason))
	}
	dst = appendText(dst, "description", t.Details.Description)
	dst = appendPairs(appendName(dst, "metadata"), t.Details.Metadata)
	dst = appendBool(dst, "livemode", live)
	dst = appendTime(appendName(dst, "created_at"), t.CreatedAt())
	return append(dst, '}')
}

// The members of a transfer's request.
var (
	transferMembers = []string{
		"from_user_id", "to_user_id", "amount", "currency", "metadata", "description",
	}
	transferItemMembers = append(transferMembers[:len(transferMembers):len(transferMembers)], "idempotency_key")
)

// createTransfer answers POST /api/v1/transfers.
func (c *call) createTransfer() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.Transfer
	if err := c.decode(maxBody, false, func(d *decoder) { d.transfer(transferMembers, &r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.Transfer(c.r.Context(), r)
	c.markReplayed(result.Replayed)
	if err != nil {
		return c.declineTransfer(err)
	}
	status := http.StatusCreated
	if result.Transfer.Status == wallet.TransferPending {
		status = http.StatusAccepted
	}
	c.out = appendTransfer(c.out[:0], &result.Transfer, c.api.live())
	c.send(status, jsonType)
	return nil
}

// declineTransfer answers a decline, which is kept and given again byte for
// byte, and so without the request's id; any other error is its caller's.
func (c *call) declineTransfer(err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) || !p.Code.IsDecline() {
		return err
	}
	c.out = appendDeclined(c.out[:0], p)
	c.send(p.Code.Status(), problemType)
	return nil
}

func appendDeclined(dst []byte, p *problem.Problem) []byte {
	return append(appendHead(dst, p.Code, p.Code.Status(), p.Detail), '}')
}

// transfer reads a transfer's request; a batch's item may have a key of its own,
// which it returns.
func (d *decoder) transfer(members []string, r *flow.Transfer) (key string) {
	d.members(members, func(name string) {
		switch name {
		case "from_user_id":
			r.FromUserID = d.positive()
		case "to_user_id":
			r.ToUserID = d.positive()
		case "amount":
			r.Amount.Minor = d.positive()
		case "currency":
			r.Amount.Currency = d.currency()
		case "metadata":
			r.Details.Metadata = d.metadata()
		case "description":
			r.Details.Description = d.text(maxDescription)
		case "idempotency_key":
			key = d.key()
		}
	})
	switch {
	case r.FromUserID == 0:
		d.invalidMember("from_user_id", "is required")
	case r.ToUserID == 0:
		d.invalidMember("to_user_id", "is required")
	}
	d.amount(r.Amount)
	return key
}

// getTransfer answers GET /api/v1/transfers/{id}.
func (c *call) getTransfer() error {
	id, err := c.pathID(ident.Transfer)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	t, err := c.api.cfg.Flows.TransferByID(c.r.Context(), id)
	if err != nil {
		return err
	}
	c.out = appendTransfer(c.out[:0], &t, c.api.live())
	c.send(http.StatusOK, jsonType)
	return nil
}

// listTransfers answers GET /api/v1/transfers.
func (c *call) listTransfers() error {
	q := c.query()
	list := store.TransferQuery{
		UserID: q.integer("user_id", 1),
		Status: wallet.TransferStatus(q.choice("status", string(wallet.TransferPending),
			string(wallet.TransferSucceeded), string(wallet.TransferFailed))),
		Page: q.page(ident.Transfer),
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	transfers, err := c.api.cfg.Flows.Transfers(c.r.Context(), list)
	if err != nil {
		return err
	}
	transfers, more := paged(transfers, list.Page, limit)
	c.sendPage(len(transfers), more, func(dst []byte, i int) []byte {
		return appendTransfer(dst, &transfers[i], c.api.live())
	})
	return nil
}
