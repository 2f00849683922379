package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Exchanger is one client's way to a server: it sends a request and waits for
// its answer. One goroutine uses it.
type Exchanger interface {
	Do(ctx context.Context, r *Request) (Response, error)
	Close()
}

// patience is how long a connection waits for an answer.
const patience = 60 * time.Second

// errUnanswered ends a load whose server stays away.
var errUnanswered = fmt.Errorf("a request was not answered for %s", patience)

// exchange sends a request and hands the answer to read, which says whether it
// was none. With repeat it is then sent again, with the same key, as it is when
// the connection breaks.
func exchange(
	ctx context.Context, conn Exchanger, r *Request, repeat bool, t *Tally,
	read func(Response) (unanswered bool, err error),
) error {
	began := time.Now()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		res, err := conn.Do(ctx, r)
		wait := pause
		if err == nil {
			unanswered, err := read(res)
			if err != nil || !unanswered {
				return err
			}
			wait = max(pause, min(res.Retry, time.Second))
		} else {
			if !repeat {
				return fmt.Errorf("the server does not answer: %w", err)
			}
			t.Lost++
		}
		if time.Since(began) > patience {
			return errors.Join(errUnanswered, err)
		}
		t.Repeated++
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
