package archtest_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"florin/internal/archtest"
)

// TestHouse holds the module itself against the rules.
func TestHouse(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil || !strings.HasPrefix(string(mod), "module florin\n") {
		t.Fatalf("two folders up is not the module's root: %v", err)
	}
	violations, err := archtest.Check(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

// check examines a module of one file, whose body is given without the package clause: its folder tells that.
func check(t *testing.T, file, body string) []archtest.Violation {
	t.Helper()
	source := "package " + path.Base(path.Dir(file)) + "\n" + body
	violations, err := archtest.Check(fstest.MapFS{file: {Data: []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	return violations
}

// forbidden are single files that must each cause one violation.
var forbidden = []struct{ name, file, body, want string }{
	{"a word knows no decision", "money/a.go", `import _ "florin/ledger"`, "must not import ledger (decisions)"},
	{"a word takes no library", "money/a.go", `import _ "github.com/bojanz/currency"`, "another module's package"},
	{"a word starts nothing", "event/a.go", `func f() { go f() }`, "must not start a goroutine"},

	{"a decision knows no port", "payment/a.go", `import _ "florin/store"`, "must not import store (ports)"},
	{"a decision knows no clock", "payment/a.go", `import _ "florin/internal/clock"`, "must not import internal/clock"},
	{"a decision takes no library", "payment/a.go", `import _ "github.com/jackc/pgx/v5"`, "another module's package"},
	{"a decision opens no socket", "routing/a.go", `import _ "net"`, "is pure and must not import net"},
	{"a decision speaks no HTTP", "webhook/a.go", `import _ "net/http/httptest"`, "must not import net/http/httptest"},
	{"a decision opens no file", "fraud/a.go", `import _ "os"`, "must not import os"},
	{"a decision asks no database", "wallet/a.go", `import _ "database/sql"`, "must not import database/sql"},
	{"a decision takes no context", "shard/a.go", `import _ "context"`, "takes no context"},
	{"a decision reads no clock", "vault/a.go", "import \"time\"\nvar t = time.Now()", "must not use time.Now"},
	{"nor under another name", "vault/a.go", "import x \"time\"\nvar t = x.Since", "must not use time.Since"},
	{"nor without a name", "vault/a.go", "import . \"time\"\nvar t = Now()", "must import time by its name"},
	{"a decision draws no lots", "region/a.go", `import _ "math/rand/v2"`, "must not import math/rand/v2"},
	{"a decision draws no keys", "vault/a.go", `import _ "crypto/rand"`, "must not import crypto/rand"},
	{"a decision starts nothing", "capacity/a.go", `func f() { go f() }`, "must not start a goroutine"},

	{"a port knows no adapter", "store/a.go", `import _ "florin/store/sqlite"`, "must not import store/sqlite (adapters)"},
	{"a port knows no other port", "store/a.go", `import _ "florin/gateway"`, "must not import gateway (ports)"},
	{"commit knows no flow", "commit/a.go", `import _ "florin/flow"`, "must not import flow (use cases)"},
	{"commit waits by no timer", "commit/a.go", "import \"time\"\nvar t = time.NewTimer", "must not use time.NewTimer"},
	{"commit starts nothing", "commit/a.go", `func f() { go f() }`, "must not start a goroutine"},
	{
		"nor by a wait group", "commit/a.go",
		"import \"sync\"\nfunc f(w *sync.WaitGroup) { w.Go(nil) }", "with sync.WaitGroup",
	},
	{"nor by an errgroup", "commit/a.go", `import _ "golang.org/x/sync/errgroup"`, "with errgroup"},
	{"a flow knows no adapter", "flow/a.go", `import _ "florin/gateway/stripe"`, "must not import gateway/stripe"},
	{"a flow knows no HTTP front", "flow/a.go", `import _ "florin/api"`, "must not import api (fronts)"},
	{"a flow draws no lots", "flow/a.go", `import _ "math/rand"`, "must not import math/rand"},
	{"a worker does not sleep", "worker/a.go", "import \"time\"\nfunc f() { time.Sleep(1) }", "must not use time.Sleep"},
	{"a worker starts nothing", "worker/a.go", `func f() { go f() }`, "must not start a goroutine"},

	{"adapters are strangers", "gateway/stripe/a.go", `import _ "florin/bus/kafka"`, "must not import bus/kafka"},
	{"adapters know no front", "store/postgres/a.go", `import _ "florin/api"`, "must not import api (fronts)"},
	{"the front knows no adapter", "api/a.go", `import _ "florin/store/sqlite"`, "must not import store/sqlite"},
	{"the simulator knows two adapters", "sim/a.go", `import _ "florin/store/sqlite"`, "must not import store/sqlite"},
	{"nobody imports a command", "api/a.go", `import _ "florin/cmd/florin"`, "must not import cmd/florin (commands)"},
	{"the dashboard starts nothing", "web/a.go", `func f() { go f() }`, "must not start a goroutine"},

	{"a suite knows its port only", "store/storetest/a.go", `import _ "florin/gateway"`, "must not import gateway"},
	{"a suite knows no engine", "store/storetest/a.go", `import _ "florin/store/sqlite"`, "must not import store/sqlite"},
	{"a suite knows no driver", "store/storetest/a.go", `import _ "github.com/jackc/pgx/v5"`, "another module's"},
	{"a program carries no suite", "cmd/florin/a.go", `import _ "florin/store/storetest"`, "must not import store/sto"},

	{"an unknown package", "payment/helpers/a.go", ``, "package payment/helpers is in no layer"},
	{"an unknown import", "flow/a.go", `import _ "florin/helpers"`, "package helpers is in no layer"},
	{"a test's unknown import", "flow/a_test.go", `import _ "florin/helpers"`, "package helpers is in no layer"},
	{"a decision's test stays below too", "payment/a_test.go", `import _ "florin/flow"`, "must not import flow"},
	{"a word's test stays below too", "money/a_test.go", `import _ "florin/payment"`, "must not import payment"},
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, c := range forbidden {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := check(t, c.file, c.body)
			if len(got) != 1 || got[0].File != c.file || !strings.Contains(got[0].Text, c.want) {
				t.Errorf("got %v, want one violation in %s that says %q", got, c.file, c.want)
			}
		})
	}
}

// allowed are single files that must cause none.
var allowed = []struct{ name, file, body string }{
	{"words know each other", "event/a.go", `import _ "florin/ident"`},
	{"decisions know words and each other", "payment/a.go", "import _ \"florin/money\"\nimport _ \"florin/ledger\""},
	{"a decision adds times", "payment/a.go", "import \"time\"\nvar d = time.Second * 3"},
	{"a variable named time is no clock", "payment/a.go", "func f(time struct{ Now int }) int { return time.Now }"},
	{"addresses are values", "routing/a.go", `import _ "net/netip"`},
	{"the fraud rules' language", "fraud/a.go", `import _ "github.com/expr-lang/expr/vm"`},
	{"a test opens files and sleeps", "ledger/a_test.go", "import _ \"os\"\nfunc f() { go f() }"},
	{"a port takes the clock", "gateway/a.go", "import _ \"context\"\nimport _ \"florin/internal/clock\""},
	{"commit waits for others", "commit/a.go", "import \"sync\"\nfunc f(w *sync.WaitGroup) { w.Wait() }"},
	{"a worker knows the flows", "worker/a.go", `import _ "florin/flow"`},
	{"a flow's test takes the memory store", "flow/a_test.go", `import _ "florin/store/memory"`},
	{"an engine's test runs the suite", "store/sqlite/a_test.go", `import _ "florin/store/storetest"`},
	{"an adapter starts goroutines", "bus/kafka/a.go", "import _ \"florin/bus\"\nfunc f() { go f() }"},
	{
		"a suite takes its port and go-cmp", "store/storetest/a.go",
		"import _ \"florin/store\"\nimport _ \"github.com/google/go-cmp/cmp\"",
	},
	{
		"the simulator brings its world", "sim/a.go",
		"import _ \"florin/store/memory\"\nimport _ \"florin/gateway/simulated\"",
	},
	{"a command wires it all", "cmd/florin/a.go", "import _ \"florin/api\"\nimport _ \"florin/store/postgres\""},
	{"loop starts goroutines", "internal/loop/a.go", "import \"time\"\nvar t = time.NewTicker\nfunc f() { go f() }"},
	{"testdata is data", "payment/testdata/a.go", `import _ "net"`},
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range allowed {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := check(t, c.file, c.body); len(got) != 0 {
				t.Errorf("got %v, want no violation", got)
			}
		})
	}
}

func TestOtherModulesAreLeftOut(t *testing.T) {
	t.Parallel()
	module := fstest.MapFS{
		"tools/go.mod": {Data: []byte("module florin/tools\n")},
		"tools/a.go":   {Data: []byte("package tools\n")},
	}
	if got, err := archtest.Check(module); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
}

func TestBrokenSourceIsAnError(t *testing.T) {
	t.Parallel()
	module := fstest.MapFS{"money/a.go": {Data: []byte("package money\nfunc {")}}
	if _, err := archtest.Check(module); err == nil {
		t.Error("a file that does not parse passed")
	}
}

func TestBuildTagsHideNothing(t *testing.T) {
	t.Parallel()
	module := fstest.MapFS{"ledger/a.go": {Data: []byte("//go:build plan9\n\npackage ledger\n\nimport _ \"net\"\n")}}
	if got, err := archtest.Check(module); err != nil || len(got) != 1 || got[0].Line != 5 {
		t.Errorf("got %v, %v, want one violation on line 5", got, err)
	}
}
