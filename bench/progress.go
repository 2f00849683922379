package bench

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows how far something long is: a bar on a terminal, and a line for
// each tenth with the rate within it, so that a decline shows.
type progress struct {
	out      io.Writer
	terminal bool
	tenths   bool // lines for the tenths
	what     string
	total    int64
	began    time.Time

	mu     sync.Mutex
	drawn  time.Time
	tenth  int64
	since  time.Time // of the tenth
	before int64     // done when it began
}

func newProgress(out io.Writer, terminal bool, what string, total int64, tenths bool) *progress {
	now := time.Now()
	return &progress{
		out: out, terminal: terminal, tenths: tenths, what: what, total: total, began: now, since: now,
	}
}

// set tells how much is done. A nil progress shows nothing.
func (p *progress) set(done int64) {
	if p == nil || p.total == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if tenth := done * 10 / p.total; tenth > p.tenth {
		if p.tenths {
			rate := float64(done-p.before) / now.Sub(p.since).Seconds()
			p.clear()
			fmt.Fprintf(p.out, "%s %3d %%  %s/s\n", p.what, tenth*10, group(int64(rate)))
		}
		p.tenth, p.since, p.before = tenth, now, done
	}
	if p.terminal && now.Sub(p.drawn) > 100*time.Millisecond {
		p.drawn = now
		filled := int(done * 30 / p.total)
		rate := float64(done) / now.Sub(p.began).Seconds()
		fmt.Fprintf(p.out, "\r%s [%s%s] %s of %s, %s/s ", p.what, strings.Repeat("#", filled),
			strings.Repeat(".", 30-filled), group(done), group(p.total), group(int64(rate)))
	}
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
