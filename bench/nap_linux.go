package bench

import (
	"syscall"
	"time"
)

// nap sleeps for about d, or less. time.Sleep is a millisecond late where the
// program is otherwise idle, which is more than a request takes.
func nap(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	// A signal ends it early, and the caller looks at the clock anyway.
	_ = syscall.Nanosleep(&left, nil)
}
