package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"florin/store"
)

// A server with synchronous standbys shows what it has committed only when one of
// them has it. But when somebody cancels the statement that waits for that, as the
// driver does with one that takes too long, the Tx is committed on this server
// alone: all others see it, and a fail-over loses it. The server says so in a
// warning.

var errLocally = fmt.Errorf("%w: no synchronous standby has it", store.ErrUnavailable)

const warnedKey = "florin warned"

// heed remembers that a server has warned of something.
func heed(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warnedKey] = true
	}
}

// takeWarning tells whether the server has warned on this connection since it was
// asked last.
func (c *conn) takeWarning() bool {
	data := c.PgConn().CustomData()
	_, warned := data[warnedKey]
	delete(data, warnedKey)
	return warned
}

// waitForStandby writes to the log, with a commit that waits for a synchronous
// standby, where the server has one: who has this has all that came before.
const waitForStandby = `SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
	THEN pg_logical_emit_message(true, 'florin', '') IS NULL ELSE false END`

// outlast makes sure that all that can be read outlasts a fail-over. ErrUnavailable
// says that no synchronous standby is there to tell.
func (sh *shard) outlast(ctx context.Context) error {
	limited, cancel := sh.within(ctx)
	defer cancel()
	err := sh.lend(limited, sh.readers, func(c *conn) error {
		c.takeWarning()
		_, err := one(limited, &reader{c.Conn}, (*row).bool, waitForStandby)
		if err == nil && c.takeWarning() {
			err = errLocally
		}
		return err
	})
	return sh.wrap(sh.failed(ctx, limited, err))
}
