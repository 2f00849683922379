package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"florin/ident"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

const holdColumns = `id, id_low, user_id, amount, currency, reason, metadata, expires_at, captured, status, version`

var (
	holds      = table[wallet.Hold]{defineInsert("holds", holdColumns), (*tx).bindHold, (*conn).updateHold}
	updateHold = define(`UPDATE holds SET captured = ?, status = ?, version = ? WHERE id = ? AND id_low = ?`)
	selectHold = define(`SELECT ` + holdColumns + ` FROM holds WHERE id = ? AND id_low = ?`)
	allHolds   = define(`SELECT ` + holdColumns + ` FROM holds ORDER BY id`)
	dueHolds   = define(`SELECT ` + holdColumns + ` FROM holds
		WHERE status = 'active' AND expires_at <= ? ORDER BY expires_at, id LIMIT ?`)
)

func (t *tx) bindHold(s *stmt, h *wallet.Hold) error {
	s.bindID(h.ID)
	s.bindInt(h.UserID)
	s.bindInt(h.Amount.Minor)
	s.bindText(string(h.Amount.Currency))
	s.bindText(h.Reason)
	if err := s.bindMetadata(h.Metadata); err != nil {
		return err
	}
	s.bindInt(h.ExpiresAt.UnixMilli())
	s.bindHoldState(h)
	return nil
}

func (c *conn) updateHold(h *wallet.Hold) error {
	s, err := c.query(updateHold)
	if err != nil {
		return err
	}
	s.bindHoldState(h)
	s.bindID(h.ID)
	return s.runOne()
}

// bindHoldState binds the columns from captured on.
func (s *stmt) bindHoldState(h *wallet.Hold) {
	s.bindInt(h.CapturedMinor)
	s.bindText(string(h.Status))
	s.bindInt(h.Version)
}

// bindMetadata binds pairs as JSON, none as NULL.
func (s *stmt) bindMetadata(pairs map[string]string) error {
	if len(pairs) == 0 {
		s.bindNull()
		return nil
	}
	return s.bindJSON(pairs)
}

func (s *stmt) metadata() (pairs map[string]string, err error) {
	text := s.view()
	if text == nil {
		return nil, nil
	}
	if err := json.Unmarshal(text, &pairs); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return pairs, nil
}

// hold reads a row of holdColumns.
func (s *stmt) hold() (h wallet.Hold, err error) {
	h.ID, h.UserID = s.id(), s.int()
	h.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	h.Reason = s.text()
	if h.Metadata, err = s.metadata(); err != nil {
		return h, err
	}
	h.ExpiresAt, h.CapturedMinor = s.time(), s.int()
	h.Status, h.Version = wallet.HoldStatus(s.text()), s.int()
	return h, nil
}

func (c *conn) hold(id ident.ID) (wallet.Hold, error) { return one(c, selectHold, id, (*stmt).hold) }

// Hold returns a hold, or ErrNotFound.
func (s *Store) Hold(ctx context.Context, id ident.ID) (h wallet.Hold, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		h, err = c.hold(id)
		return err
	})
	return h, err
}

// Holds lists a shard's holds, newest first.
func (s *Store) Holds(ctx context.Context, shard int, want store.HoldQuery) ([]wallet.Hold, error) {
	q := newSelection(holdColumns, "holds", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	return list(ctx, s.shards[shard], q, (*stmt).hold)
}

// DueHolds lists active holds whose time is over, the longest waiting first.
func (s *Store) DueHolds(ctx context.Context, shard int, now time.Time, limit int) (due []wallet.Hold, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		q, err := c.query(dueHolds)
		if err != nil {
			return err
		}
		q.bindInt(now.UnixMilli())
		q.bindInt(int64(limit))
		due, err = collect(q, nil, (*stmt).hold)
		return err
	})
	return due, err
}
