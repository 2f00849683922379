package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"florin/internal/config"
)

func load(t *testing.T, text string, flags map[string]string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "florin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, flags)
	if err != nil && !strings.HasPrefix(err.Error(), path) {
		t.Errorf("the error does not name the file: %v", err)
	}
	return cfg, err
}

var private = cmpopts.IgnoreUnexported(config.Config{})

// simulated is the gateway of a configuration that names none.
var simulated = []config.Gateway{{Name: "simulated", Kind: "simulated"}}

func TestNothingIsTheDefault(t *testing.T) {
	t.Parallel()
	want := config.Default()
	want.Gateways = simulated
	for name, path := range map[string]string{"no file": "", "an empty file": "testdata/empty.yaml"} {
		got, err := config.Load(path, nil)
		if diff := cmp.Diff(want, got, private); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestEveryField(t *testing.T) {
	t.Parallel()
	got, err := load(t, `
store: sqlite
mode: test
listen: ":9090"
data: /var/lib/florin
shards: 8
gateways:
  - name: alpha
    kind: simulated
    deadline: 5s
    failure_threshold: 4
    open_for: 1m
    max_concurrent: 20
  - {name: beta, kind: simulated}
fraud: {threshold: 0.9}
commit:
  permits: 3
  permit_hold: 20ms
  max_group: 256
  max_queue: 1000
vault: {key_file: /etc/florin/key}
rate_limit: {requests: 100, window: 10s}
`, nil)
	want := config.Config{
		Store: "sqlite", Mode: "test", Listen: ":9090", Data: "/var/lib/florin", Shards: config.Shards{Count: 8},
		Gateways: []config.Gateway{
			{
				Name: "alpha", Kind: "simulated", Deadline: 5 * time.Second, FailureThreshold: 4,
				OpenFor: time.Minute, MaxConcurrent: 20,
			},
			{Name: "beta", Kind: "simulated"},
		},
		Fraud:  config.Fraud{Threshold: .9},
		Commit: config.Commit{Permits: 3, PermitHold: 20 * time.Millisecond, MaxGroup: 256, MaxQueue: 1000},
		Vault:  config.Vault{KeyFile: "/etc/florin/key"},

		RateLimit: config.RateLimit{Requests: 100, Window: 10 * time.Second},
	}
	if diff := cmp.Diff(want, got, private); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestFlagsStandOverTheFile(t *testing.T) {
	t.Parallel()
	got, err := load(t, "listen: :1\ncommit: {permits: 7}\n", map[string]string{"listen": ":2", "data": ""})
	want := config.Default()
	want.Listen, want.Gateways, want.Commit.Permits = ":2", simulated, 7
	if diff := cmp.Diff(want, got, private); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	const gateway = "gateways:\n  - name: a\n    kind: simulated\n"
	for text, want := range map[string]string{
		"mode: test\nlisen: :80\n":                            ":2: unknown field lisen; is it listen?",
		"commit:\n  permits: 2\n  max_grup: 3\n":              ":3: unknown field max_grup; is it max_group?",
		gateway + "    retries: 3\n":                          ":4: unknown field retries",
		"listen: a\nlisten: b\n":                              ":2: the field listen stands here twice",
		"shards: four\n":                                      ":1: `four` is no whole number",
		"commit:\n  permit_hold: soon\n":                      ":2: `soon` is no time such as 50ms or 30s",
		"fraud:\n  threshold: much\n":                         ":2: `much` is no number",
		"gateways: simulated\n":                               ":1: `simulated` is no list of gateways",
		"commit: 3\n":                                         ":1: `3` is no block commit",
		"listen: [\n":                                         ":1: did not find expected node content",
		"# a store\nstore: oracle\n":                          `:2: store: "oracle" is none of sqlite, postgres`,
		"mode: prod\n":                                        `:1: mode: "prod" is none of test, live`,
		"listen: localhost\n":                                 `:1: listen: "localhost" is no address such as 127.0.0.1:8080`,
		"data: \"\"\n":                                        ":1: data: must name a directory",
		"mode: test\n\nshards: 6\n":                           ":3: shards: 6 is no power of two from 1 to 256",
		"shards: 512\n":                                       ":1: shards: 512 is no power of two from 1 to 256",
		"fraud:\n  # a score\n  threshold: 1.5\n":             ":3: fraud.threshold: 1.5 is not above 0 and at most 1",
		"fraud: {threshold: 0}\n":                             ":1: fraud.threshold: 0 is not above 0 and at most 1",
		"commit:\n  permits: 0\n":                             ":2: commit.permits: 0 is not 1 to 256",
		"commit:\n  max_group: 1000000\n":                     ":2: commit.max_group: 1000000 is not 1 to 100000",
		"commit:\n  max_queue: -1\n":                          ":2: commit.max_queue: -1 is not 1 to 10000000",
		"commit:\n  permit_hold: 50\n":                        ":2: commit.permit_hold: 50 has no unit: write",
		"gateways:\n  - name: A b\n    kind: simulated\n":     `:2: gateways[0].name: "A b" is not 1 to 64 of a-z`,
		gateway + "  - {name: a, kind: simulated}\n":          `:4: gateways[1].name: "a" is another gateway's name`,
		gateway + "  - name: wallet\n    kind: simulated\n":   `:4: gateways[1].name: "wallet" is what payments from wallets`,
		gateway + "  - name: b\n    kind: paypal\n":           `:5: gateways[1].kind: "paypal" is none of simulated`,
		gateway + "    deadline: 8\n":                         ":4: gateways[0].deadline: 8 has no unit: write a unit, as",
		gateway + "    deadline: 8000000000\n":                ":4: gateways[0].deadline: 8000000000 has no unit",
		"commit:\n  pause: 2s\n":                              ":2: commit.pause: 2s is no time from 0s to 1s",
		"commit:\n  permit_hold: 0\n":                         ":2: commit.permit_hold: 0s is no time from 1ms",
		"gateways: []\n":                                      ":1: gateways: is empty",
		"mode: test\ngateways:\n":                             ":2: gateways: is empty",
		"zzzzzz: 1\n":                                         ":1: unknown field zzzzzz",
		gateway + "    deadline: 2h\n":                        ":4: gateways[0].deadline: 2h0m0s is no time from 1ms",
		gateway + "    open_for: 3\n":                         ":4: gateways[0].open_for: 3 has no unit",
		gateway + "    failure_threshold: -1\n":               ":4: gateways[0].failure_threshold: -1 is below 0",
		gateway + "    max_concurrent: -1\n":                  ":4: gateways[0].max_concurrent: -1 is below 0",
		"rate_limit: {}\n":                                    ":1: rate_limit.requests: 0 is not 1 to 1000000",
		"rate_limit:\n  requests: -1\n":                       ":2: rate_limit.requests: -1 is not 1 to 1000000",
		"rate_limit: 5\n":                                     ":1: `5` is no block ratelimit",
		"rate_limit:\n  rate: 5\n":                            ":2: unknown field rate",
		"rate_limit: {requests: 5, window: 5}\n":              ":1: rate_limit.window: 5 has no unit: write a unit, as in 5s",
		"rate_limit:\n  requests: 5\n  window: 1500ms\n":      ":3: rate_limit.window: 1.5s is no time of whole seconds",
		"mode: live\n" + gateway:                              ":4: gateways[0].kind: a live store takes no payments",
		"mode: live\n":                                        ": gateways[0].kind: a live store takes no payments",
		"gateways:\n- name: a\n  kind: x\ncommit: {}\n":       ":3: gateways[0].kind: ",
		"gateways: [{name: a, kind: simulated}, {name: a}]\n": ":1: gateways[1].name: ",
	} {
		_, err := load(t, text, nil)
		if err == nil {
			t.Errorf("%q is taken, want %q", text, want)
			continue
		}
		_, got, _ := strings.Cut(err.Error(), "florin.yaml")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: the error is %q, want %q", text, got, want)
		}
	}
}

func TestFlagsAreCheckedToo(t *testing.T) {
	t.Parallel()
	_, err := config.Load("", map[string]string{"listen": "nowhere"})
	if err == nil || err.Error() != `listen: "nowhere" is no address such as 127.0.0.1:8080` {
		t.Errorf("the error is %v", err)
	}
	if _, err := config.Load("testdata/missing.yaml", nil); err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("the error is %v", err)
	}
}
