//go:build services

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"florin/internal/pgtest"
)

// TestWorkersOfTwoProcesses leaves work of every kind to the workers of two
// processes, which do it at the same time: each thing is done once.
func TestWorkersOfTwoProcesses(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	c := newClusterOn(t, server, 2)
	expiring := c.authorizations(20)
	for i := range 4 {
		own := server.Of(databaseOf(t, c.file, i))
		const late = "UPDATE attempts SET expires_at = now() - interval '1 hour' WHERE expires_at IS NOT NULL"
		if err := pgtest.Run(own, late); err != nil {
			t.Fatal(err)
		}
	}
	disputed := c.disputedPayments(8)
	batch := c.must(http.StatusAccepted, c.async(400)).field("id")
	holds := c.expiringHolds(20)

	// From now on half of the calls have no answer, though most take effect.
	faults := `{"timeout_rate":0.2,"error_before_rate":0.2,"error_after_rate":0.2,"pending_rate":0.3,"late_ms":300}`
	for process := range c.processes {
		c.must(http.StatusOK, c.call(process, http.MethodPatch, "/api/v1/gateways/simulated", faults, ""))
	}
	open := together(60, func(i int) answer { return c.post(i, "/payments", payment(1000+i, 500, "")) })
	for process := range c.processes {
		c.must(http.StatusOK, c.call(process, http.MethodPatch, "/api/v1/gateways/simulated",
			`{"timeout_rate":0,"error_before_rate":0,"error_after_rate":0,"pending_rate":0}`, ""))
	}
	third := c.start() // it is told again what is still to come: disputes, and the end of what is pending
	t.Log("the third process is", third.Addr)

	refused := 0
	for i, a := range open {
		switch a.field("code") {
		case "gateway_unavailable": // the breaker has opened: nothing was written
			refused++
			continue
		case "gateway_not_charged": // it did so meanwhile
			continue
		}
		id := a.field("id")
		if id == "" || a.status != http.StatusCreated && a.status != http.StatusAccepted {
			t.Fatalf("the answer is %d, %v: %s", a.status, a.err, a.body)
		}
		c.await("the outcome of a payment", func() bool { return c.get(i, "/payments/"+id).field("status") != "processing" })
	}
	c.await("the batch", func() bool { return c.get(0, "/batches/"+batch).field("status") == "completed" })
	for i, id := range expiring {
		c.await("an authorization's end", func() bool { return c.get(i, "/payments/"+id).field("status") == "canceled" })
	}
	for user, id := range holds {
		c.await("a hold's end", func() bool {
			return c.get(user, fmt.Sprintf("/wallets/%d/holds/%s", user, id)).field("status") == "expired"
		})
		if has := c.available(user); has != 1_000 {
			t.Errorf("the wallet of user %d has %d", user, has)
		}
	}
	for i, id := range disputed {
		c.await("a dispute", func() bool { return len(c.disputesOf(i, id)) > 0 })
	}
	report := c.audit()
	if n := report.Totals; n.Disputes != int64(len(disputed)) || n.Payments != int64(20+len(disputed)+400+60-refused) {
		t.Errorf("there are %+v", n)
	}
}

// authorizations makes payments that are not captured.
func (c *cluster) authorizations(n int) (ids []string) {
	for _, a := range together(n, func(i int) answer {
		return c.post(i, "/payments", payment(2000+i, 900, `,"capture_method":"manual"`))
	}) {
		ids = append(ids, c.must(http.StatusCreated, a).field("id"))
	}
	return ids
}

// disputedPayments pays with the card whose charges are disputed, a while later.
func (c *cluster) disputedPayments(n int) (ids []string) {
	for process := range c.processes {
		c.must(http.StatusOK, c.call(process, http.MethodPatch, "/api/v1/gateways/simulated", `{"late_ms":4000}`, ""))
	}
	for _, a := range together(n, func(i int) answer {
		return c.post(i, "/payments", fmt.Sprintf(
			`{"user_id":%d,"amount":800,"currency":"USD","payment_method":"pm_card_createDispute","confirm":true}`, 3000+i))
	}) {
		ids = append(ids, c.must(http.StatusCreated, a).field("id"))
	}
	return ids
}

// disputesOf lists a payment's disputes.
func (c *cluster) disputesOf(process int, payment string) []any {
	c.t.Helper()
	var list struct{ Data []any }
	a := c.must(http.StatusOK, c.get(process, "/disputes?payment="+payment))
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		c.t.Fatal(err)
	}
	return list.Data
}

// async sends a batch that nobody waits for.
func (c *cluster) async(n int) answer {
	body := `{"payments":[`
	for i := range n {
		if i > 0 {
			body += ","
		}
		body += payment(4000+i, 300, "")
	}
	return c.callWith(http.Header{"Prefer": {"respond-async"}}, "http://"+c.processes[0].Addr, http.MethodPost,
		"/api/v1/payments/batch", body+"]}", "async")
}

// expiringHolds makes holds that expire soon, by user.
func (c *cluster) expiringHolds(n int) map[int]string {
	c.t.Helper()
	ids := map[int]string{}
	for i := range n {
		user := 5000 + i
		c.fund(user, 1_000)
		a := c.must(http.StatusCreated, c.post(i, fmt.Sprintf("/wallets/%d/holds", user), fmt.Sprintf(
			`{"amount":400,"currency":"USD","reason":"test","expires_at":%q}`,
			time.Now().Add(2*time.Second).UTC().Format(time.RFC3339Nano))))
		ids[user] = a.field("id")
	}
	return ids
}
