package loop

import "time"

// Within runs f beside its caller and returns when f has ended, true, or after
// limit, false: f goes on then.
func Within(limit time.Duration, f func()) bool {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	}
}
