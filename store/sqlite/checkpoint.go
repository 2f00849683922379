package sqlite

import (
	"sync"
	"sync/atomic"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// checkpointer writes a shard's log back into its file, beside the writer. Only
// when the log is written back to its last frame does SQLite begin it anew, so
// that the last and short pass is done in the writer's turn.
type checkpointer struct {
	sh     *shard
	c      *conn
	frames uintptr // C memory: an int32, the frames in the log after the last commit
	wake   chan struct{}
	quit   chan struct{}
	done   sync.WaitGroup
}

const (
	// passes are made beside the writer until less than shortPass is left.
	passes    = 4
	shortPass = 1024
	// urgent times the threshold is where a commit waits for the log.
	urgent = 4
)

// startCheckpointer follows the log of the shard's writer, which must not
// checkpoint by itself.
func startCheckpointer(sh *shard) (*checkpointer, error) {
	c, err := openConn(sh.path, sqlite3.SQLITE_OPEN_READWRITE, "synchronous=FULL")
	if err != nil {
		return nil, err
	}
	k := &checkpointer{sh: sh, c: c, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	k.frames = libc.Xcalloc(c.tls, 1, 4)
	sqlite3.Xsqlite3_wal_hook(sh.writer.tls, sh.writer.db, callback(countFrames), k.frames)
	k.done.Go(k.loop)
	return k, nil
}

// countFrames is called by SQLite after each commit.
func countFrames(_ *libc.TLS, into, _, _ uintptr, frames int32) int32 {
	atomic.StoreInt32((*int32)(pointerAt(into)), frames)
	return sqlite3.SQLITE_OK
}

// inLog returns the frames in the log after the last commit.
func (k *checkpointer) inLog() int { return int(atomic.LoadInt32((*int32)(pointerAt(k.frames)))) }

// notice is called in the writer's turn, after a commit.
func (k *checkpointer) notice() {
	if k == nil {
		return
	}
	frames := k.inLog()
	if frames < k.sh.cfg.WALPages {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
	if frames >= urgent*k.sh.cfg.WALPages {
		k.sh.writer.checkpoint() // the next commit begins the log anew, unless a reader holds it
	}
}

func (k *checkpointer) loop() {
	for {
		select {
		case <-k.quit:
			return
		case <-k.wake:
			k.writeBack()
		}
	}
}

// writeBack writes back the whole log, all but the end of it beside the writer.
func (k *checkpointer) writeBack() {
	for range passes {
		before := k.c.checkpoint()
		if before.log-before.done > 0 { // a reader holds the rest
			return
		}
		if k.inLog()-before.done < shortPass {
			break
		}
	}
	select {
	case <-k.quit:
	case <-k.sh.turn:
		k.c.checkpoint()
		k.sh.give()
	}
}

// progress is how many frames the log has and how many of them are written back.
type progress struct{ log, done int }

// checkpoint writes back what no reader needs in the log any more, and waits
// for nobody. Its errors are the next commit's to find.
func (c *conn) checkpoint() progress {
	counts := libc.Xcalloc(c.tls, 2, 4)
	defer libc.Xfree(c.tls, counts)
	sqlite3.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, sqlite3.SQLITE_CHECKPOINT_PASSIVE, counts, counts+4)
	view := (*[2]int32)(pointerAt(counts))
	return progress{log: int(view[0]), done: int(view[1])}
}

// stop ends the checkpointer. The writer must not be used any more.
func (k *checkpointer) stop() {
	if k == nil {
		return
	}
	close(k.quit)
	k.done.Wait()
	k.c.close()
	sqlite3.Xsqlite3_wal_hook(k.sh.writer.tls, k.sh.writer.db, 0, 0)
	libc.Xfree(nil, k.frames)
}
