package sqlite

import (
	"context"
	"io/fs"
	"strconv"
	"sync/atomic"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// GenerationSize is for tests that need several generations.
const GenerationSize = generationSize

// RingSize is how many groups Committed knows.
const RingSize = ringSize

// Embedded are the migrations that the program has.
var Embedded fs.FS = embedded

// MigrateFile brings one shard's file to the latest of files.
func MigrateFile(ctx context.Context, dir string, shard, shards int, files fs.FS) error {
	return migrate(ctx, shardPath(dir, shard), files, marks{shard: shard, shards: shards}, false)
}

// LimitPages lets a shard's file grow no further than by more pages.
func (s *Store) LimitPages(shard, more int) error {
	sh := s.shards[shard]
	<-sh.turn
	defer sh.give()
	now, err := sh.writer.number(countPages)
	if err != nil {
		return err
	}
	return sh.writer.exec("PRAGMA max_page_count=" + strconv.FormatInt(now+int64(more), 10))
}

var countPages = define(`PRAGMA page_count`)

// Query runs a query that answers one integer.
func (s *Store) Query(shard int, sql string) (n int64, err error) {
	err = s.shards[shard].read(context.Background(), func(c *conn) error {
		q, err := c.prepare(sql)
		if err != nil {
			return err
		}
		defer q.close()
		return q.each(func(q *stmt) error { n = q.int(); return nil })
	})
	return n, err
}

// FailSync makes the syncs of a shard's log fail with an I/O error until mended is
// called.
func (s *Store) FailSync(shard int) (mended func()) {
	s.setSync(shard, failingSync)
	return func() { s.setSync(shard, syncData) }
}

// setSync puts a function in the place of the sync of a shard's log.
func (s *Store) setSync(shard int, sync syncFunc) *walFile {
	sh := s.shards[shard]
	<-sh.turn
	defer sh.give()
	w := walOf(sh.writer)
	w.sync = callback(sync)
	return w
}

// walOf returns the log of a connection that has one open.
func walOf(c *conn) *walFile {
	into := libc.Xcalloc(c.tls, 1, 8)
	defer libc.Xfree(c.tls, into)
	sqlite3.Xsqlite3_file_control(c.tls, c.db, 0, sqlite3.SQLITE_FCNTL_JOURNAL_POINTER, into)
	return walFileOf(*(*uintptr)(pointerAt(into)))
}

var syncs atomic.Int64

// CountSyncs makes the syncs of a shard's log count, and returns how to read their
// number and the bytes that wait to be written. One store at a time can be
// counted.
func (s *Store) CountSyncs(shard int) (count, waiting func() int64) {
	w := s.setSync(shard, countedSync)
	return syncs.Load, func() int64 {
		sh := s.shards[shard]
		<-sh.turn
		defer sh.give()
		return w.used
	}
}

func countedSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	syncs.Add(1)
	return syncData(tls, file, flags)
}

func failingSync(*libc.TLS, uintptr, int32) int32 { return sqlite3.SQLITE_IOERR_FSYNC }

// AwaitClaims waits until all claims are known in memory.
func (s *Store) AwaitClaims() {
	for _, sh := range s.shards {
		sh.claims.done.Wait()
	}
}

// ClaimSet is a claimSet for tests.
type ClaimSet struct{ set *claimSet }

// NewClaimSet returns an empty one.
func NewClaimSet() ClaimSet {
	set := newClaimSet()
	set.ready.Store(true)
	return ClaimSet{set}
}

// Add adds a hash.
func (c ClaimSet) Add(hash int64) { c.set.add(hash) }

// Lacks tells that the hash was surely not added.
func (c ClaimSet) Lacks(hash int64) bool { return c.set.lacks(hash) }

// HoldScans takes all connections for searches until release is called.
func (s *Store) HoldScans(shard int) (release func()) {
	scans := s.shards[shard].scans
	for range cap(scans.turns) {
		<-scans.turns
	}
	return func() {
		for range cap(scans.turns) {
			scans.turns <- struct{}{}
		}
	}
}
