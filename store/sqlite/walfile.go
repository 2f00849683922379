package sqlite

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite writes each page of a commit to the log with two small and unaligned
// writes, which cost more than all the inserts of the commit. This VFS, which
// the writer alone uses, is the system's own but for the log: there it gathers
// what is written in sequence until the log is synced, as it is before any
// commit is seen, or until anything else is asked of the file.

// walFile stands behind the system's own file in SQLite's memory. It holds
// integers and C pointers only.
type walFile struct {
	methods sqlite3.Tsqlite3_io_methods // what SQLite calls
	base    uintptr                     // the system's own methods
	sync    uintptr                     // syncData
	buffer  uintptr
	used    int64
	start   int64 // where in the file the buffer belongs
	// fresh is where in the file the first write since the last sync went; -1 for
	// none.
	fresh int64
	// end is how far the file was written, with zeros ahead of the log.
	end int64
}

const (
	walBufferSize = 1 << 20
	maxWrite      = 1 << 16 // SQLite's own write takes less than 1 << 17
	// ahead is by how much the log's file is lengthened at a time. A sync is twice
	// as fast where it has no new length or block to keep.
	ahead = 2 << 20
)

var writerVFS = sync.OnceValue(func() uintptr {
	tls := libc.NewTLS()
	defer tls.Close()
	system := sqlite3.Xsqlite3_vfs_find(tls, 0)
	name, err := libc.CString("florin")
	if system == 0 || err != nil {
		panic("store/sqlite: SQLite has no file system")
	}
	own := libc.Xcalloc(tls, 1, size(int(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))))
	vfs := vfsAt(own)
	*vfs = *vfsAt(system)
	walFileAt, baseOpen = int(vfs.FszOsFile+7)&^7, vfs.FxOpen
	vfs.FszOsFile = int32(walFileAt) + int32(unsafe.Sizeof(walFile{}))
	vfs.FpNext, vfs.FzName = 0, name
	vfs.FxOpen = callback(openWAL)
	sqlite3.Xsqlite3_vfs_register(tls, own, 0)
	return name
})

// Set once, by writerVFS.
var (
	walFileAt int     // where in a file's memory its walFile stands
	baseOpen  uintptr // the system's own xOpen
)

func vfsAt(p uintptr) *sqlite3.Tsqlite3_vfs { return (*sqlite3.Tsqlite3_vfs)(pointerAt(p)) }

func walFileOf(file uintptr) *walFile { return (*walFile)(pointerAt(file + uintptr(walFileAt))) }

func (w *walFile) baseMethods() *sqlite3.Tsqlite3_io_methods {
	return (*sqlite3.Tsqlite3_io_methods)(pointerAt(w.base))
}

type (
	openFunc  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	moveFunc  = func(tls *libc.TLS, file, data uintptr, n int32, at int64) int32
	closeFunc = func(tls *libc.TLS, file uintptr) int32
	sizeFunc  = func(tls *libc.TLS, file, size uintptr) int32
	cutFunc   = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc  = func(tls *libc.TLS, file uintptr, flags int32) int32
)

func openWAL(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := function[openFunc](baseOpen)(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	w := walFileOf(file)
	methods := &(*sqlite3.Tsqlite3_file)(pointerAt(file)).FpMethods
	*w = walFile{base: *methods, sync: callback(syncData), buffer: libc.Xmalloc(tls, walBufferSize), fresh: -1}
	if w.buffer == 0 {
		function[closeFunc](w.baseMethods().FxClose)(tls, file)
		*methods = 0 // as xOpen does when it fails
		return sqlite3.SQLITE_NOMEM
	}
	if function[sizeFunc](w.baseMethods().FxFileSize)(tls, file, w.buffer) == sqlite3.SQLITE_OK {
		w.end = *(*int64)(pointerAt(w.buffer))
	}
	w.methods = *w.baseMethods()
	w.methods.FxClose = callback(closeWAL)
	w.methods.FxRead = callback(readWAL)
	w.methods.FxWrite = callback(writeWAL)
	w.methods.FxTruncate = callback(truncateWAL)
	w.methods.FxSync = callback(syncWAL)
	w.methods.FxFileSize = callback(sizeOfWAL)
	*methods = addressOf(&w.methods)
	return rc
}

// flush writes what was gathered. When that fails it is dropped: the commit that
// it belongs to fails.
func (w *walFile) flush(tls *libc.TLS, file uintptr) int32 {
	if w.used == 0 {
		return sqlite3.SQLITE_OK
	}
	used := w.used
	w.used = 0
	for at := int64(0); at < used; at += maxWrite {
		n := int32(min(maxWrite, used-at))
		rc := function[moveFunc](w.baseMethods().FxWrite)(tls, file, w.buffer+uintptr(at), n, w.start+at)
		if rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if end := w.start + used; end > w.end {
		w.lengthen(tls, file, end)
	}
	return sqlite3.SQLITE_OK
}

// lengthen writes zeros behind the log's end; the buffer is free. A file system
// that is full needs no more than the log itself.
func (w *walFile) lengthen(tls *libc.TLS, file uintptr, end int64) {
	clear(bytesAt(w.buffer, maxWrite))
	for w.end = end; w.end < end+ahead; w.end += maxWrite {
		if function[moveFunc](w.baseMethods().FxWrite)(tls, file, w.buffer, maxWrite, w.end) != sqlite3.SQLITE_OK {
			return
		}
	}
}

func writeWAL(tls *libc.TLS, file, data uintptr, n int32, at int64) int32 {
	w := walFileOf(file)
	if w.fresh < 0 || at < w.fresh {
		w.fresh = at
	}
	if at != w.start+w.used || w.used+int64(n) > walBufferSize {
		if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
		w.start = at
	}
	if n > walBufferSize {
		return function[moveFunc](w.baseMethods().FxWrite)(tls, file, data, n, at)
	}
	copy(bytesAt(w.buffer+uintptr(w.used), int(n)), bytesAt(data, int(n)))
	w.used += int64(n)
	return sqlite3.SQLITE_OK
}

func readWAL(tls *libc.TLS, file, data uintptr, n int32, at int64) int32 {
	w := walFileOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[moveFunc](w.baseMethods().FxRead)(tls, file, data, n, at)
}

func syncWAL(tls *libc.TLS, file uintptr, flags int32) int32 {
	w := walFileOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	rc := function[syncFunc](w.sync)(tls, file, flags)
	if rc != sqlite3.SQLITE_OK {
		w.spoil(tls, file)
	}
	w.fresh = -1
	return rc
}

// spoil overwrites the head of what a failed sync was to save. The commit has
// failed, but its pages stand in the system's memory: whoever opens the log after
// this process has died would take them for committed.
func (w *walFile) spoil(tls *libc.TLS, file uintptr) {
	const head = 24 // of a frame; the log's own is 32
	if w.fresh < 0 {
		return
	}
	clear(bytesAt(w.buffer, head)) // it is empty
	function[moveFunc](w.baseMethods().FxWrite)(tls, file, w.buffer, head, w.fresh)
}

func truncateWAL(tls *libc.TLS, file uintptr, length int64) int32 {
	w := walFileOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	w.end = min(w.end, length)
	return function[cutFunc](w.baseMethods().FxTruncate)(tls, file, length)
}

func sizeOfWAL(tls *libc.TLS, file, length uintptr) int32 {
	w := walFileOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[sizeFunc](w.baseMethods().FxFileSize)(tls, file, length)
}

func closeWAL(tls *libc.TLS, file uintptr) int32 {
	w := walFileOf(file)
	rc := w.flush(tls, file)
	libc.Xfree(tls, w.buffer)
	w.buffer = 0
	if closed := function[closeFunc](w.baseMethods().FxClose)(tls, file); rc == sqlite3.SQLITE_OK {
		rc = closed
	}
	return rc
}
