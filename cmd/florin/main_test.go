package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// result is what a command line did.
type result struct {
	code     int
	out, err string
}

// florin runs a command line.
func florin(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(context.Background(), args, &console{out: &out, err: &err})
	return result{code, out.String(), err.String()}
}

// mustFlorin runs one that must succeed, and returns what it prints.
func mustFlorin(t *testing.T, args ...string) string {
	t.Helper()
	r := florin(t, args...)
	if r.code != 0 {
		t.Fatalf("florin %s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Vars{"scopes": scopeNames()})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.Fields(leaf.FullPath())[1:]
		help := mustFlorin(t, append(path, "--help")...)
		if !strings.Contains(help, "Example:") || !strings.Contains(help, "florin "+strings.Join(path, " ")) {
			t.Errorf("the help of %v has no example of it:\n%s", path, help)
		}
	}
}

func TestCommandLinesThatAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"bogus":                         "florin: unexpected argument bogus; see florin --help\n",
		"serve --lisen :80":             "florin: unknown flag --lisen",
		"keys create":                   "florin: missing flags: --name=NAME; see florin keys --help\n",
		"keys revoke":                   "florin: expected \"<key>\"; see florin keys --help\n",
		"audit --config /missing.yaml":  "florin: --config: stat /missing.yaml: no such file or directory",
		"migrate status --data":         "florin: --data: expected string value",
		"version --json=maybe and more": "florin: ",
	} {
		r := florin(t, strings.Fields(line)...)
		if r.code != 2 || !strings.HasPrefix(r.err, want) || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("florin %s: %+v, want 2 and %q", line, r, want)
		}
	}
}

func TestNothingToDoIsHelp(t *testing.T) {
	t.Parallel()
	if out := mustFlorin(t); !strings.Contains(out, "serve") || !strings.Contains(out, "audit") {
		t.Errorf("florin alone prints %s", out)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"help": "--help", "help serve": "serve --help", "help keys create": "keys create --help",
	} {
		if got := mustFlorin(t, strings.Fields(line)...); got != mustFlorin(t, strings.Fields(want)...) || got == "" {
			t.Errorf("florin %s prints %s", line, got)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out := mustFlorin(t, "version"); !strings.HasPrefix(out, "florin ") {
		t.Errorf("it prints %q", out)
	}
	if out := mustFlorin(t, "--version"); out != mustFlorin(t, "version") {
		t.Errorf("--version prints %q", out)
	}
	var about build
	if err := json.Unmarshal([]byte(mustFlorin(t, "version", "--json")), &about); err != nil || about.Go == "" {
		t.Errorf("it prints %+v: %v", about, err)
	}
}
