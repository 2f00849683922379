//go:build !linux

package sqlite

import "modernc.org/libc"

// syncData makes what was written to the log durable.
func syncData(tls *libc.TLS, file uintptr, flags int32) int32 {
	return function[syncFunc](walFileOf(file).baseMethods().FxSync)(tls, file, flags)
}
