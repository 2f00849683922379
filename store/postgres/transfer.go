package postgres

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/wallet"
)

// transferColumns are what (*row).transfer reads, of transfers and of
// received_transfers.
const transferColumns = `id, from_user_id, to_user_id, amount, currency, details, status, reason, version`

const newTransfer = `id uuid, from_user_id int8, to_user_id int8, amount int8, currency text, details jsonb,
	status text, reason text, version int8`

var (
	transfers = table[wallet.Transfer]{
		insert: defineInsert("transfers", newTransfer),
		update: defineUpdate("transfers", 1, "id uuid, status text, reason text, version int8"),
		bind:   (*columns).transfer,
		rebind: func(c *columns, v *wallet.Transfer) {
			c.id(v.ID)
			c.transferState(v)
		},
	}
	insertReceived = defineInsert("received_transfers", newTransfer)
)

// queueReceived inserts what came from other shards. Its id is unique for ever.
func (p *pipe) queueReceived(list []wallet.Transfer) {
	if len(list) == 0 {
		return
	}
	rows := newColumns(insertReceived.shape, len(list))
	for i := range list {
		rows.transfer(&list[i])
		rows.end()
	}
	p.insert(insertReceived, rows)
}

func (c *columns) transfer(v *wallet.Transfer) {
	c.id(v.ID)
	c.int(v.FromUserID)
	c.int(v.ToUserID)
	c.int(v.Amount.Minor)
	c.text(string(v.Amount.Currency))
	if v.Details.IsZero() {
		c.null()
	} else {
		c.json(v.Details)
	}
	c.transferState(v)
}

func (c *columns) transferState(v *wallet.Transfer) {
	c.text(string(v.Status))
	c.text(string(v.Reason))
	c.int(v.Version)
}

// transfer reads a row of transferColumns.
func (r *row) transfer() (v wallet.Transfer) {
	v.ID, v.FromUserID, v.ToUserID = r.id(), r.int(), r.int()
	v.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	r.json(&v.Details)
	v.Status, v.Reason, v.Version = wallet.TransferStatus(r.text()), problem.Code(r.text()), r.int()
	return v
}

const (
	selectTransfer = `SELECT ` + transferColumns + ` FROM transfers WHERE id = $1`
	selectReceived = `SELECT ` + transferColumns + ` FROM received_transfers WHERE id = $1`
)

// Transfer returns a transfer, from the sender's shard, or ErrNotFound.
func (s *Store) Transfer(ctx context.Context, id ident.ID) (wallet.Transfer, error) {
	return readOne(ctx, s.of(id), (*row).transfer, selectTransfer, id)
}

// ReceivedTransfer returns what a shard decided about a transfer from another.
func (s *Store) ReceivedTransfer(ctx context.Context, shard int, id ident.ID) (wallet.Transfer, error) {
	return readOne(ctx, s.shards[shard], (*row).transfer, selectReceived, id)
}
