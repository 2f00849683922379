package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// console is where a command writes, and how.
type console struct {
	out, err io.Writer
	// terminal tells whether a person reads out; a secret is shown to nobody else.
	terminal bool
	// errTerminal tells it of err, where logs and progress go.
	errTerminal bool
}

func newConsole() *console {
	return &console{
		out: os.Stdout, err: os.Stderr,
		terminal: isTerminal(os.Stdout), errTerminal: isTerminal(os.Stderr),
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// fail says in one line why a command fails.
func (c *console) fail(err error) { fmt.Fprintf(c.err, "florin: %s\n", sentence(err)) }

// logger returns the log: text for a person, JSON for a machine.
func (c *console) logger() *slog.Logger {
	if c.errTerminal {
		return slog.New(slog.NewTextHandler(c.err, nil))
	}
	return slog.New(slog.NewJSONHandler(c.err, nil))
}

// json prints a value as JSON.
func (c *console) json(v any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
