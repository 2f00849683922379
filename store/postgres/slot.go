package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/store"
)

const (
	// slotTime is how long a slot stays its holder's without a sign of life, by the
	// database's clock; one is given every keepPause.
	slotTime  = 60 * time.Second
	keepPause = 5 * time.Second
)

// lease is the slot of system accounts that this process holds on a shard.
type lease struct {
	shard *shard

	mu     sync.Mutex
	holder ident.ID // this process's name among the holders
	slot   int
	fence  int64 // 0: none is held
}

var (
	takeSlot = fmt.Sprintf(`UPDATE slots SET holder = $1, fence = fence + 1, seen_at = clock_timestamp()
		WHERE slot = (SELECT slot FROM slots
			WHERE holder IS NULL OR holder = $1 OR seen_at < clock_timestamp() - interval '%d ms'
			ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING slot, fence`, slotTime.Milliseconds())
	// The lock lets the holder give signs of life, and keeps everybody from taking
	// the slot until the Tx has ended.
	checkSlot = define(`SELECT CASE WHEN count(*) <> 1 THEN expect(count(*), 1) END FROM
		(SELECT 1 FROM slots WHERE slot = $1 AND holder = $2 AND fence = $3 FOR KEY SHARE) AS held`,
		pgtype.Int4OID, pgtype.UUIDOID, pgtype.Int8OID)
)

const (
	keepSlot = `UPDATE slots SET seen_at = clock_timestamp() WHERE slot = $1 AND holder = $2 AND fence = $3`
	giveSlot = `UPDATE slots SET holder = NULL, seen_at = NULL WHERE slot = $1 AND holder = $2 AND fence = $3`
)

var errNoSlot = errors.New("all slots of system accounts are held")

// held is a lease as a Tx knows it.
type held struct {
	slot   int
	holder ident.ID
	fence  int64
}

// take returns the slot that the process holds, after taking the lowest free one
// if it has none.
func (l *lease) take(ctx context.Context, c *conn) (held, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fence != 0 {
		return l.present(), nil
	}
	if l.holder.IsZero() {
		_, _ = rand.Read(l.holder[:]) // never fails
	}
	limited, cancel := l.shard.within(ctx)
	defer cancel()
	type taken struct {
		slot  int
		fence int64
	}
	t, err := one(limited, &reader{c.Conn}, func(r *row) taken { return taken{r.small(), r.int()} }, takeSlot, l.holder)
	if errors.Is(err, store.ErrNotFound) {
		return held{}, fmt.Errorf("%w: %w", store.ErrUnavailable, errNoSlot)
	}
	if err != nil {
		return held{}, l.shard.failed(ctx, limited, err)
	}
	l.slot, l.fence = t.slot, t.fence
	return l.present(), nil
}

func (l *lease) present() held { return held{l.slot, l.holder, l.fence} }

// lose forgets a lease that the database says is not the process's any more.
func (l *lease) lose(h held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fence == h.fence && l.slot == h.slot {
		l.fence = 0
	}
}

// keep gives a sign of life.
func (l *lease) keep(ctx context.Context) error {
	l.mu.Lock()
	h := l.present()
	l.mu.Unlock()
	if h.fence == 0 {
		return nil
	}
	n, err := l.update(ctx, keepSlot, h)
	if err == nil && n == 0 {
		l.lose(h)
	}
	return err
}

// give gives the slot back.
func (l *lease) give(ctx context.Context) error {
	l.mu.Lock()
	h := l.present()
	l.fence = 0
	l.mu.Unlock()
	if h.fence == 0 {
		return nil
	}
	_, err := l.update(ctx, giveSlot, h)
	return err
}

func (l *lease) update(ctx context.Context, sql string, h held) (n int64, err error) {
	err = l.shard.lend(ctx, l.shard.writers, func(c *conn) error {
		tag, err := c.Exec(ctx, sql, h.slot, [16]byte(h.holder), h.fence)
		n = tag.RowsAffected()
		return err
	})
	return n, errorOf(err)
}
