package archtest

import (
	"path"
	"slices"
	"strings"
)

// module is the path that the module's own packages begin with.
const module = "florin"

// A layer is a set of packages that live under the same rules.
type layer struct {
	name     string
	packages []string // paths below the module; "cmd/..." stands for cmd and all below it

	below   []string // the layers that it may import
	peers   bool     // its packages may import each other
	inTests []string // layers that its test files may import besides

	foreign []string // other modules that its non-test files may import; nil: none, "*": any

	pure       bool // no I/O, no context
	timeless   bool // no clock, no chance
	goroutines bool // may start goroutines
}

// The steps of the stairs: each is the one before it and one layer more.
var (
	toSupport  = []string{"words", "decisions", "clock", "loop", "telemetry"}
	toPorts    = append(slices.Clone(toSupport), "ports")
	toCommit   = append(slices.Clone(toPorts), "commit")
	toUseCases = append(slices.Clone(toCommit), "use cases")
	toFronts   = append(slices.Clone(toUseCases), "adapters", "fronts", "views")
)

// testDoubles is what the tests from the ports up may build upon besides their own layer's imports.
var testDoubles = []string{"adapters", "conformance", "test services"}

// house is the table. From the bottom to the top.
var house = []layer{
	{
		name:     "words",
		packages: []string{"money", "ident", "problem", "event"},
		peers:    true,
	},
	{
		name: "decisions",
		packages: []string{
			"ledger", "wallet", "payment", "vault", "fraud", "routing", "webhook", "access", "shard", "region", "capacity",
		},
		below: []string{"words"},
		peers: true,
		// Libraries that compute and do nothing else: the fraud rules' language, and cron expressions.
		foreign:  []string{"github.com/expr-lang/expr", "github.com/adhocore/gronx"},
		pure:     true,
		timeless: true,
	},
	{
		name:     "clock",
		packages: []string{"internal/clock"},
	},
	{
		name:       "loop",
		packages:   []string{"internal/loop"},
		below:      []string{"words", "clock", "telemetry"},
		foreign:    []string{"*"},
		goroutines: true,
	},
	{
		name:     "telemetry",
		packages: []string{"internal/telemetry"},
		below:    []string{"words", "clock"},
		foreign:  []string{"*"},
	},
	{
		name:     "config",
		packages: []string{"internal/config"},
		below:    []string{"words", "decisions"},
		foreign:  []string{"*"},
	},
	{
		name:     "ports",
		packages: []string{"store", "gateway", "bus", "cache"},
		below:    toSupport,
		inTests:  testDoubles,
		foreign:  []string{"*"},
	},
	{
		name:       "conformance",
		packages:   []string{"store/storetest", "gateway/gatewaytest"},
		below:      toCommit, // a store is exercised under its committer too
		inTests:    testDoubles,
		foreign:    testLibraries,
		goroutines: true,
	},
	{
		name:       "test services", // servers that tests start; no program carries them
		packages:   []string{"internal/pgtest"},
		foreign:    []string{"*"},
		goroutines: true,
	},
	{
		name:     "commit",
		packages: []string{"commit"},
		below:    toPorts,
		inTests:  testDoubles,
		foreign:  []string{"*"},
		timeless: true,
	},
	{
		name:     "use cases",
		packages: []string{"flow", "worker", "audit", "move"},
		below:    toCommit,
		peers:    true,
		inTests:  testDoubles,
		foreign:  []string{"*"},
		timeless: true,
	},
	{
		name: "adapters",
		packages: []string{
			"store/sqlite", "store/postgres", "store/memory",
			"gateway/simulated", "gateway/stripe", "gateway/adyen",
			"bus/kafka", "bus/local", "cache/redis", "cache/local", "vault/seal",
		},
		below:      toUseCases,
		inTests:    testDoubles,
		foreign:    []string{"*"},
		goroutines: true,
	},
	{
		name:       "fronts",
		packages:   []string{"api", "sim", "bench"},
		below:      toUseCases,
		inTests:    testDoubles,
		foreign:    []string{"*"},
		goroutines: true,
	},
	{
		name:     "views",
		packages: []string{"web", "deploy"},
		below:    toUseCases,
		inTests:  testDoubles,
		foreign:  []string{"*"},
	},
	{
		name:       "commands",
		packages:   []string{"cmd/..."},
		below:      append(slices.Clone(toFronts), "config"),
		peers:      true,
		inTests:    testDoubles,
		foreign:    []string{"*"},
		goroutines: true,
	},
	{
		name:     "checks",
		packages: []string{"internal/archtest", "internal/tidy"},
	},
}

// also are single imports that the table allows on top: the simulator brings its own world.
var also = map[string][]string{
	"sim": {"store/memory", "gateway/simulated"},
}

// testLibraries may be imported by conformance suites.
var testLibraries = []string{
	"github.com/google/go-cmp",
	"pgregory.net/rapid",
	"go.uber.org/goleak",
	"github.com/anishathalye/porcupine",
}

// outside are standard packages that reach outside the program; "os/..." stands for os and all below it.
// net/netip, net/url and io are values and interfaces and stay free; log/slog too, for the LogValue that hides a card.
var outside = []string{
	"crypto/rand", "database/sql/...", "io/ioutil", "log", "log/syslog", "net", "net/http/...", "net/rpc/...",
	"net/smtp", "net/textproto", "os/...", "plugin", "runtime/...", "syscall/...", "testing/...", "unsafe",
}

// chance are the packages that draw numbers by themselves.
var chance = []string{"math/rand/..."}

// clockCalls are what the package time reads the clock or waits with.
var clockCalls = []string{
	"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTicker", "NewTimer",
}

// layerOf finds the layer of the package at dir, a path below the module.
func layerOf(dir string) (layer, bool) {
	for _, l := range house {
		if covers(l.packages, dir) {
			return l, true
		}
	}
	return layer{}, false
}

// covers says whether one of the patterns is path, or ends in "/..." and stands for path.
func covers(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		root, all := strings.CutSuffix(pattern, "/...")
		return p == root || all && strings.HasPrefix(p, root+"/")
	})
}

// mayImport says whether the layer's package at from may import the module's own package at to.
func (l layer) mayImport(from, to string, test bool) bool {
	if from == to || covers(also[from], to) {
		return true
	}
	other, known := layerOf(to)
	if !known {
		return false
	}
	if l.name == other.name {
		return l.peers
	}
	if l.name == "conformance" && other.name == "ports" && !test {
		return to == path.Dir(from)
	}
	return slices.Contains(l.below, other.name) || test && slices.Contains(l.inTests, other.name)
}

// mayUse says whether the layer may import another module's package.
func (l layer) mayUse(foreign string) bool {
	return slices.ContainsFunc(l.foreign, func(m string) bool {
		return m == "*" || foreign == m || strings.HasPrefix(foreign, m+"/")
	})
}
