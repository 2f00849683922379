//go:build services

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStandbyThatIsSilent freezes a shard's only synchronous standby: what would be
// lost with the primary is not told as done, not to who repeats it either; reads go
// on, and so do the users of the other shards. What was told before outlasts the
// primary.
func TestStandbyThatIsSilent(t *testing.T) {
	t.Parallel()
	c, primary, standby := withStandby(t)
	c.start()
	const user = 8 // of the first shard
	c.fund(user, 10_000)
	c.pay(0, user, 500, "")
	standby.Freeze(t)
	adjust := func(key string) answer {
		return c.call(0, http.MethodPost, fmt.Sprintf("/api/v1/wallets/%d/adjustments", user),
			`{"amount":-1000,"currency":"USD","transaction_id":"silent","reason":"test"}`, key)
	}
	first := adjust("silent")
	if first.status != http.StatusServiceUnavailable || first.field("code") != "outcome_unknown" || first.retry == "" ||
		first.took > 6*time.Second {
		t.Errorf("the first answer is %d after %s, Retry-After %q: %s", first.status, first.took, first.retry, first.body)
	}
	a := adjust("")
	if a.status != http.StatusServiceUnavailable || a.field("code") == "outcome_unknown" && a.retry != "" {
		t.Errorf("without a key the answer is %d, Retry-After %q: %s", a.status, a.retry, a.body)
	}
	for range 3 {
		if a := adjust("silent"); a.status != http.StatusServiceUnavailable {
			t.Errorf("repeated it is answered %d: %s", a.status, a.body)
		}
		if a := c.get(0, fmt.Sprintf("/payments?user_id=%d", user)); a.status != http.StatusOK || a.took > time.Second {
			t.Errorf("a list is answered %d after %s: %s", a.status, a.took, a.body)
		}
		c.pay(0, user+1, 500, "")
	}
	standby.Thaw(t)
	var done answer
	c.await("the answer", func() bool { done = adjust("silent"); return done.status == http.StatusCreated })
	degraded := func() bool {
		return strings.Contains(c.call(0, http.MethodGet, "/health", "", "").body, "no synchronous standby")
	}
	standby.Crash(t)
	c.await("the health that tells of it", degraded)
	standby.Start(t)
	c.await("the health that is whole again", func() bool { return !degraded() })
	c.pay(0, user, 500, "")
	primary.Crash(t)
	standby.Promote(t)
	c.await("the new primary", func() bool { return c.get(0, fmt.Sprintf("/wallets/%d", user)).status == http.StatusOK })
	if has := c.available(user); has != 9_000 {
		t.Errorf("the wallet has %d, want 9000", has)
	}
	if again := c.must(http.StatusCreated, adjust("silent")); again.field("id") != done.field("id") {
		t.Errorf("it is answered %s, and was %s", again.body, done.body)
	}
	c.audit()
}
