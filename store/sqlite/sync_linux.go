package sqlite

import (
	"errors"
	"syscall"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// dirSync is SQLite's mark of a file that is new: its name is not durable yet.
const dirSync = 0x08

// syncData makes what was written to the log durable with fdatasync. The library
// is built to call fsync, with which the file system commits a new time of change
// too, every time: that takes twice as long where the log is written over.
func syncData(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := (*sqlite3.TunixFile)(pointerAt(file))
	if f.FctrlFlags&dirSync != 0 {
		return function[syncFunc](walFileOf(file).baseMethods().FxSync)(tls, file, flags)
	}
	for {
		switch err := syscall.Fdatasync(int(f.Fh)); {
		case err == nil:
			return sqlite3.SQLITE_OK
		case !errors.Is(err, syscall.EINTR):
			return sqlite3.SQLITE_IOERR_FSYNC
		}
	}
}
