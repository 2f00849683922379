package sqlite

import (
	"context"
	"fmt"
	"strconv"

	sqlite3 "modernc.org/sqlite/lib"

	"florin/ledger"
	"florin/store"
)

// shard is one file: a writer, readers, and what is known of it in memory.
type shard struct {
	cfg     Config
	number  int
	path    string
	readers *pool
	// scans are for searches that may read a whole table: all others must not
	// wait for them.
	scans  *pool
	writer *conn         // nil when ReadOnly
	turn   chan struct{} // holds one: who takes it may use the writer and what stands below

	// known is set while what stands below is what the file holds.
	known    bool
	version  int64 // PRAGMA data_version when it was read
	counters counters
	accounts map[ledger.Key]account
	recent   recent
	claims   *claimSet // nil unless ReadWrite, and until the first refresh
	check    *checkpointer
	tx       tx
}

// counters number the rows that have no ids.
type counters struct {
	position int64 // of the last event
	claim    int64
	payment  int64 // how many payments there are, or a few more
	group    int64
	system   int64 // least account id, 0 or below: of accounts whose entries are not indexed
	user     int64 // greatest account id, 0 or above: of all others, mostly users'
	high     int64 // greatest High of any id
	entry    int64 // how many entries users' accounts have, or a few more

	transfers, received generation // the last ones
}

func openShard(cfg Config, number int) (*shard, error) {
	sh := &shard{cfg: cfg, number: number, path: shardPath(cfg.Dir, number), turn: make(chan struct{}, 1)}
	sh.readers, sh.scans = newPool(sh.path, cfg.Readers), newPool(sh.path, scanReaders)
	sh.turn <- struct{}{}
	if cfg.Access == ReadOnly {
		return sh, nil
	}
	var err error
	sh.writer, err = openConnOn(writerVFS(), sh.path, sqlite3.SQLITE_OPEN_READWRITE, "synchronous=FULL",
		"foreign_keys=OFF", "cache_spill=OFF", "wal_autocheckpoint=0",
		"secure_delete=FAST", // a deleted card is overwritten, not only let go
		"cache_size="+strconv.Itoa(cfg.CachePages))
	if err != nil {
		return nil, err
	}
	sh.tx.sh = sh
	sh.accounts = map[ledger.Key]account{}
	if cfg.Access != ReadWrite {
		return sh, nil
	}
	if err = sh.writer.inReadTx(sh.refresh); err == nil {
		sh.claims = newClaimSet()
		sh.claims.start(sh.path)
		sh.check, err = startCheckpointer(sh)
	}
	if err != nil {
		sh.close()
		return nil, err
	}
	return sh, nil
}

func (sh *shard) close() {
	sh.check.stop()
	sh.claims.stop()
	sh.readers.close()
	sh.scans.close()
	if sh.writer != nil {
		sh.writer.close()
	}
}

// take waits for the writer's turn.
func (sh *shard) take(ctx context.Context) error {
	if sh.writer == nil {
		return fmt.Errorf("%w: the store is open for reading only", store.ErrUnavailable)
	}
	select {
	case <-sh.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: shard %d: %w", store.ErrUnavailable, sh.number, ctx.Err())
	}
}

func (sh *shard) give() { sh.turn <- struct{}{} }

var (
	beginImmediate = define(`BEGIN IMMEDIATE`)
	beginDeferred  = define(`BEGIN`)
	commitTx       = define(`COMMIT`)
	rollbackTx     = define(`ROLLBACK`)
	dataVersion    = define(`PRAGMA data_version`)
	lastPosition   = define(`SELECT max(position) FROM events`)
	lastClaim      = define(`SELECT max(id) FROM claims`)
	lastGroup      = define(`SELECT max(number) FROM commits`)
	leastAccount   = define(`SELECT min(id) FROM balances`)
	lastAccount    = define(`SELECT max(id) FROM balances`)
)

// refresh reads anew, inside a Tx, what the shard knows, when that may be wrong.
func (sh *shard) refresh() error {
	version, err := sh.writer.number(dataVersion)
	if err != nil {
		return err
	}
	if sh.known && version == sh.version {
		return nil
	}
	sh.forget()
	before := sh.counters.claim
	for _, c := range []struct {
		q    query
		into *int64
	}{
		{lastPosition, &sh.counters.position},
		{lastClaim, &sh.counters.claim},
		{lastGroup, &sh.counters.group},
		{selectLastHigh, &sh.counters.high},
		{leastAccount, &sh.counters.system},
		{lastAccount, &sh.counters.user},
	} {
		if *c.into, err = sh.writer.number(c.q); err != nil {
			return err
		}
	}
	if sh.counters.payment, err = sh.writer.countPayments(); err != nil {
		return err
	}
	if err := sh.writer.countTransfers(&sh.counters); err != nil {
		return err
	}
	sh.counters.system = min(sh.counters.system, 0)
	sh.counters.user = max(sh.counters.user, 0)
	if sh.claims != nil {
		if err := sh.claims.load(sh.writer, before); err != nil {
			return err
		}
	}
	sh.known, sh.version = true, version
	return nil
}

// forget drops what the shard knows; the next Tx reads it anew. The claims stay:
// one too many does no harm.
func (sh *shard) forget() {
	sh.known = false
	clear(sh.accounts)
	sh.recent.clear()
}

// read runs f on a reading connection.
func (sh *shard) read(ctx context.Context, f func(*conn) error) error {
	return sh.readOn(ctx, sh.readers, f)
}

// scan does the same for what may take long, and ends it after scanTimeout.
func (sh *shard) scan(ctx context.Context, f func(*conn) error) error {
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	err := sh.readOn(limited, sh.scans, f)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: the search takes longer than %s; narrow it down: %w", store.ErrUnavailable, scanTimeout, err)
	}
	return err
}

func (sh *shard) readOn(ctx context.Context, readers *pool, f func(*conn) error) error {
	c, err := readers.take(ctx)
	if err != nil {
		return fmt.Errorf("store/sqlite: shard %d: %w", sh.number, err)
	}
	defer readers.give(c)
	defer c.watch(ctx)()
	if err := f(c); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return fmt.Errorf("store/sqlite: shard %d: %w", sh.number, err)
	}
	return nil
}
