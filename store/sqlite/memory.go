package sqlite

import (
	"unsafe"

	"modernc.org/libc"
)

// The few places where Go meets the memory of the translated SQLite. That
// memory is the C allocator's, so Go's collector neither moves nor frees it.

// pointerAt views the memory behind a C pointer.
func pointerAt(p uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&p)) //nolint:gosec // p is the C allocator's
}

// bytesAt views n bytes of C memory; they live as long as their owner says.
func bytesAt(p uintptr, n int) []byte {
	return unsafe.Slice((*byte)(pointerAt(p)), n) //nolint:gosec // as pointerAt
}

// buffer is C memory of our own, grown on demand.
type buffer struct {
	p        uintptr
	capacity int
}

// fill copies text into the buffer and returns its address, never 0.
func (b *buffer) fill(text string) uintptr {
	if b.capacity < len(text) || b.p == 0 {
		b.free()
		b.capacity = max(64, 2*len(text))
		b.p = libc.Xmalloc(nil, size(b.capacity))
		if b.p == 0 {
			panic("store/sqlite: out of memory")
		}
	}
	copy(bytesAt(b.p, b.capacity), text)
	return b.p
}

func (b *buffer) free() {
	if b.p != 0 {
		libc.Xfree(nil, b.p)
	}
	*b = buffer{}
}

// stringOf views bytes as a string without a copy; b must not change while the
// string is used.
func stringOf(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // Go's own memory, and b is alive
}

// addressOf returns the C pointer of a value that stands in C memory.
func addressOf[T any](v *T) uintptr {
	return uintptr(unsafe.Pointer(v)) //nolint:gosec // v is the C allocator's, which does not move it
}

// function is the inverse of callback.
func function[F any](p uintptr) F {
	return *(*F)(unsafe.Pointer(&struct{ p uintptr }{p})) //nolint:gosec // the translator's convention
}

// callback returns the C pointer of a declared function, as the translator of
// SQLite expects it: the address of its code pointer.
func callback[F any](f F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) //nolint:gosec // the translator's convention
}
