package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"florin/access"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
)

func TestServeTakesAPayment(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "florin-data")
	r := start(t, dir, false)
	r.pay(r.key())
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v, want mode 0600", info.Mode(), err)
	}
	if strings.Contains(r.greeted, r.key()) || !strings.Contains(r.greeted, `$(cat `) {
		t.Errorf("without a terminal it prints\n%s", r.greeted)
	}
	if !strings.Contains(r.greeted, r.url+"/docs") {
		t.Errorf("it does not say where the reference is:\n%s", r.greeted)
	}
	audited := mustFlorin(t, "audit", "--data", dir) // while it runs
	if !strings.Contains(audited, "\n1 payments,") || !strings.Contains(audited, "the books are right") {
		t.Errorf("the audit prints %s", audited)
	}
	first := r.key()
	r.stop()
	if strings.Contains(r.log.String(), first) {
		t.Error("the key stands in the log")
	}
	again := start(t, dir, true)
	if again.key() != first || !strings.Contains(again.greeted, `"Authorization: Bearer `+first+`"`) {
		t.Errorf("the second start prints\n%s", again.greeted)
	}
	again.pay(first)
}

func TestServeGoesOnWithTheKeyOfAStartThatWasCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := newSecret(access.Test)
	if err := writeKeyFile(filepath.Join(dir, keyFile), secret, os.Rename); err != nil {
		t.Fatal(err)
	}
	r := start(t, dir, false)
	r.pay(secret)
	if keys := listKeys(t, dir); len(keys) != 1 {
		t.Errorf("there are %d keys, want 1", len(keys))
	}
}

func TestKeysChangeWhileItRuns(t *testing.T) {
	t.Parallel()
	fixed := access.APIKey{Hash: access.HashSecret("fixed"), Scopes: []string{"admin"}}
	r := start(t, t.TempDir(), false, fixed)
	r.pay("fixed")
	reload := func() {
		t.Helper()
		if err := r.node.reloadKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	secret := strings.TrimSpace(mustFlorin(t, "keys", "create", "--data", r.dir, "--name", "shop"))
	reload()
	r.pay(secret)
	mustFlorin(t, "keys", "revoke", "--data", r.dir, listKeys(t, r.dir)[1].ID)
	reload()
	if status, body := r.post(secret, "/api/v1/payments", onePayment); status != http.StatusUnauthorized {
		t.Errorf("a revoked key is answered %d: %s", status, body)
	}
	reader := mustFlorin(t, "keys", "create", "--data", r.dir, "--name", "r", "--scope", "read")
	reload()
	if status, body := r.post(strings.TrimSpace(reader), "/api/v1/payments", onePayment); status != http.StatusForbidden {
		t.Errorf("a key for reading is answered %d: %s", status, body)
	}
	r.pay("fixed")
}

func TestWhatHasBegunFinishes(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	gateway := r.node.gateways.list[0]
	if err := gateway.simulated.Set(simulated.Settings{LatencyMS: 300}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() {
		_, body := r.post(r.key(), "/api/v1/payments", onePayment)
		answered <- body
	}()
	for gateway.guard.Out() == 0 {
		runtime.Gosched()
	}
	r.stop()
	if body := <-answered; !strings.Contains(body, `"status":"succeeded"`) {
		t.Errorf("the answer is %s", body)
	}
	mustFlorin(t, "audit", "--data", r.dir)
}

func TestGatewaysAreTriedInTheirOrder(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, `
gateways:
  - {name: zeta, kind: simulated, failure_threshold: 2}
  - {name: alpha, kind: simulated}
`)
	r := startWith(t, file, t.TempDir(), false)
	if body := r.pay(r.key()); !strings.Contains(body, `"gateway":"zeta"`) {
		t.Errorf("the first payment is %s", body)
	}
	if err := r.node.gateways.list[0].simulated.Set(simulated.Settings{Down: true}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if body := r.pay(r.key()); !strings.Contains(body, `"gateway":"alpha"`) {
			t.Errorf("while zeta is down a payment is %s", body)
		}
	}
	states := r.node.gateways.Gateways()
	if len(states) != 2 || states[0].Breaker != "open" || states[1].Breaker != "closed" || !states[1].Test {
		t.Errorf("the gateways are %+v", states)
	}
	r.stop()
	audited := mustFlorin(t, "audit", "--config", file, "--data", r.dir)
	if !strings.Contains(audited, "3 payments, 5 attempts") {
		t.Errorf("the audit prints %s", audited)
	}
}

func TestTheEnvironmentsKeyIsChecked(t *testing.T) {
	t.Setenv(keyVariable, "sk_live_0123456789012345678901234567")
	got := florin(t, "serve", "--data", t.TempDir())
	if got.code != 1 || !strings.Contains(got.err, "FLORIN_API_KEY: an API key of this store begins with sk_test_") {
		t.Errorf("%+v", got)
	}
	secret := newSecret(access.Test)
	t.Setenv(keyVariable, secret)
	keys, err := environmentKeys(access.Test)
	if err != nil || len(keys) != 1 || keys[0].Hash != access.HashSecret(secret) || !keys[0].Allows("payments", true) {
		t.Errorf("the keys are %v: %v", keys, err)
	}
}

func TestServeThatCannotStart(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a store in use": {
			[]string{"--data", r.dir, "--listen", "127.0.0.1:0"},
			"florin: the store is in use: " + r.dir + " is held by another florin process; stop that one",
		},
		"an address in use": {
			[]string{"--data", t.TempDir(), "--listen", strings.TrimPrefix(r.url, "http://")}, "cannot listen on 127.0.0.1:",
		},
		"a live store with no gateway": {
			[]string{"--data", t.TempDir(), "--config", writeConfig(t, "mode: live\n")},
			"a live store takes no payments through",
		},
		"no directory": {[]string{"--data", "/dev/null/x"}, "not a directory"},
		"no role":      {[]string{"--data", t.TempDir(), "--roles", "king"}, `--roles: "king" is none of payments`},
		"no address":   {[]string{"--data", t.TempDir(), "--listen", "here"}, `listen: "here" is no address`},
	} {
		got := florin(t, append([]string{"serve"}, c.args...)...)
		if got.code != 1 || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: %+v, want 1 and %q", name, got, c.want)
		}
	}
}

func TestAuditNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	var p struct{ ID string }
	if err := json.Unmarshal([]byte(r.pay(r.key())), &p); err != nil {
		t.Fatal(err)
	}
	told := filepath.Join(t.TempDir(), "told.jsonl")
	line := `{"payment":"` + p.ID + `","user_id":1,"amount":1999,"currency":"USD","status":"succeeded"}` + "\n"
	if err := os.WriteFile(told, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	mustFlorin(t, "audit", "--data", r.dir, "--journal", told)
	wrong := strings.Replace(line, "1999", "2999", 1)
	if err := os.WriteFile(told, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	got := florin(t, "audit", "--data", r.dir, "--journal", told)
	if got.code != 1 || !strings.Contains(got.out, "BROKEN by 1") || !strings.Contains(got.out, p.ID) {
		t.Errorf("%+v", got)
	}
	got = florin(t, "audit", "--data", r.dir, "--journal", told, "--json")
	var report struct{ OK bool }
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || report.OK || got.code != 1 || got.err != "" {
		t.Errorf("%+v: %v", got, err)
	}
}

// TestClockBehindTheStore: ids would not tell the time of what happens.
func TestClockBehindTheStore(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	r.pay(r.key())
	now := time.Now()
	for behind, refused := range map[time.Duration]bool{time.Second: false, time.Hour: true} {
		ids := ident.NewSource(0, time.Now, func() uint64 { return 1 })
		err := advance(t.Context(), ids, r.node.store, clock.NewManual(now.Add(-behind)))
		if (err != nil) != refused {
			t.Errorf("%s behind: %v", behind, err)
		}
	}
}
