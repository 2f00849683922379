package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// barWidth is a progress bar's, in characters.
const barWidth = 40

// bar is a progress bar on a terminal; elsewhere it shows nothing.
type bar struct {
	console *console
	what    string
	mu      sync.Mutex
	shownAt time.Time
	shown   bool
}

func newBar(c *console, what string) *bar { return &bar{console: c, what: what} }

// set shows how much is done, from 0 to 1.
func (b *bar) set(done float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.console.errTerminal || time.Since(b.shownAt) < 100*time.Millisecond {
		return
	}
	b.shownAt, b.shown = time.Now(), true
	full := int(done * barWidth)
	fmt.Fprintf(b.console.err, "\r%s [%s%s] %3.0f %%", b.what,
		strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), done*100)
}

// end takes the bar away.
func (b *bar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown {
		fmt.Fprintf(b.console.err, "\r%s\r", strings.Repeat(" ", len(b.what)+barWidth+12))
		b.shown = false
	}
}
