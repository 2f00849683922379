package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

const transferColumns = `id, id_low, from_user_id, to_user_id, amount, currency, details, status, reason, version`

var (
	transfers = table[wallet.Transfer]{
		defineInsert("transfers", transferColumns+", generation"), (*tx).bindTransfer, (*conn).updateTransfer,
	}
	insertReceived = defineInsert("received_transfers", transferColumns+", generation")
	updateTransfer = define(`UPDATE transfers SET status = ?, reason = ?, version = ? WHERE id = ? AND id_low = ?`)
	selectTransfer = define(`SELECT ` + transferColumns + ` FROM transfers WHERE id = ? AND id_low = ?`)
	selectReceived = define(`SELECT ` + transferColumns + ` FROM received_transfers WHERE id = ? AND id_low = ?`)
	selectPending  = define(`SELECT ` + transferColumns + ` FROM transfers INDEXED BY transfers_pending
		WHERE status = 'pending' AND id > ? AND id < ? ORDER BY id LIMIT ?`)
	allTransfers = define(`SELECT ` + transferColumns + ` FROM transfers ORDER BY id`)
	allReceived  = define(`SELECT ` + transferColumns + ` FROM received_transfers ORDER BY id`)
)

func (t *tx) bindTransfer(s *stmt, v *wallet.Transfer) error {
	return t.bindTransferIn(s, v, &t.counters.transfers, transferGenerations)
}

// writeReceived inserts what came from other shards. Its id is unique for ever.
func (t *tx) writeReceived(rows []wallet.Transfer) error {
	return t.sh.writer.insert(insertReceived, len(rows), func(s *stmt, i int) error {
		return t.bindTransferIn(s, &rows[i], &t.counters.received, receivedGenerations)
	})
}

func (t *tx) bindTransferIn(s *stmt, v *wallet.Transfer, last *generation, of generationsOf) error {
	s.bindID(v.ID)
	s.bindInt(v.FromUserID)
	s.bindInt(v.ToUserID)
	s.bindInt(v.Amount.Minor)
	s.bindText(string(v.Amount.Currency))
	if v.Details.IsZero() {
		s.bindNull()
	} else if err := s.bindJSON(v.Details); err != nil {
		return err
	}
	s.bindText(string(v.Status))
	s.bindTextOrNull(string(v.Reason))
	s.bindInt(v.Version)
	number, err := t.sh.writer.place(last, of, v.ID.High())
	s.bindInt(number)
	return err
}

func (c *conn) updateTransfer(v *wallet.Transfer) error {
	s, err := c.query(updateTransfer)
	if err != nil {
		return err
	}
	s.bindText(string(v.Status))
	s.bindTextOrNull(string(v.Reason))
	s.bindInt(v.Version)
	s.bindID(v.ID)
	return s.runOne()
}

// transfer reads a row of transferColumns.
func (s *stmt) transfer() (v wallet.Transfer, err error) {
	v.ID, v.FromUserID, v.ToUserID = s.id(), s.int(), s.int()
	v.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	if details := s.view(); details != nil {
		if err := json.Unmarshal(details, &v.Details); err != nil {
			return v, fmt.Errorf("details of transfer %s: %w", v.ID.Text(ident.Transfer), err)
		}
	}
	v.Status, v.Reason, v.Version = wallet.TransferStatus(s.text()), problem.Code(s.text()), s.int()
	return v, nil
}

func (c *conn) transfer(id ident.ID) (wallet.Transfer, error) {
	return one(c, selectTransfer, id, (*stmt).transfer)
}

func (c *conn) received(id ident.ID) (wallet.Transfer, error) {
	return one(c, selectReceived, id, (*stmt).transfer)
}

// Transfer returns a transfer, from the sender's shard, or ErrNotFound.
func (s *Store) Transfer(ctx context.Context, id ident.ID) (v wallet.Transfer, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		v, err = c.transfer(id)
		return err
	})
	return v, err
}

// ReceivedTransfer returns what a shard decided about a transfer from another.
func (s *Store) ReceivedTransfer(ctx context.Context, shard int, id ident.ID) (v wallet.Transfer, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		v, err = c.received(id)
		return err
	})
	return v, err
}

// PendingTransfers lists the pending transfers that were made after one and
// before a moment, oldest first.
func (s *Store) PendingTransfers(
	ctx context.Context, shard int, after ident.ID, before time.Time, limit int,
) (rows []wallet.Transfer, err error) {
	first := int64(0)
	if !after.IsZero() {
		first = after.High()
	}
	err = s.shards[shard].read(ctx, func(c *conn) error {
		q, err := c.query(selectPending)
		if err != nil {
			return err
		}
		q.bindInt(first)
		q.bindInt(ident.First(ceilMillis(before)).High())
		q.bindInt(int64(limit))
		rows, err = collect(q, nil, (*stmt).transfer)
		return err
	})
	return rows, err
}

// Transfers lists a shard's transfers, newest first.
func (s *Store) Transfers(ctx context.Context, shard int, want store.TransferQuery) ([]wallet.Transfer, error) {
	q := newSelection(transferColumns, "transfers", want.Page)
	q.equalText("status", string(want.Status))
	if want.UserID == 0 {
		return list(ctx, s.shards[shard], q, (*stmt).transfer)
	}
	in := newSelection(transferColumns, "received_transfers", want.Page)
	in.equalText("status", string(want.Status))
	in.and("to_user_id = ?", want.UserID)
	q.and("(from_user_id = ? OR to_user_id = ?)", want.UserID, want.UserID)
	var sent, received []wallet.Transfer
	err := s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() (err error) {
			if sent, err = byGeneration(c, q, transferGenerations, (*stmt).transfer); err != nil {
				return err
			}
			received, err = byGeneration(c, in, receivedGenerations, (*stmt).transfer)
			return err
		})
	})
	return newestOf(sent, received, q), err
}

// newestOf merges two lists in the order of a selection, and turns them newest
// first.
func newestOf(a, b []wallet.Transfer, q selection) []wallet.Transfer {
	merged := make([]wallet.Transfer, 0, len(a)+len(b))
	for len(merged) < q.limit && len(a)+len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && (b[0].ID.High() < a[0].ID.High()) == q.ascending {
			from = &b
		}
		merged = append(merged, (*from)[0])
		*from = (*from)[1:]
	}
	if q.ascending {
		for i, j := 0, len(merged)-1; i < j; i, j = i+1, j-1 {
			merged[i], merged[j] = merged[j], merged[i]
		}
	}
	return merged
}

// Transfers visits every transfer of the shard's senders.
func (v *snapshot) Transfers(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v.c, allTransfers, (*stmt).transfer, visit)
}

// Received visits every transfer from another shard.
func (v *snapshot) Received(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v.c, allReceived, (*stmt).transfer, visit)
}
