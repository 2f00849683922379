package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"florin/store"
)

var _ store.Inspector = (*Store)(nil)

var countPayments = define(`SELECT count(*) FROM payments`)

// Inspect implements store.Inspector: the file's size with its log's, and its
// payments, which are counted in an index.
func (s *Store) Inspect(ctx context.Context, shard int) (status store.Status, err error) {
	status.Where = shardPath(s.cfg.Dir, shard)
	for _, name := range []string{status.Where, status.Where + "-wal"} {
		info, err := os.Stat(name)
		switch {
		case err == nil:
			status.SizeBytes += info.Size()
		case !errors.Is(err, fs.ErrNotExist): // the log is not there after a Close
			return status, fmt.Errorf("store/sqlite: %w", err)
		}
	}
	err = s.shards[shard].read(ctx, func(c *conn) error {
		status.Payments, err = c.number(countPayments)
		return err
	})
	return status, err
}
