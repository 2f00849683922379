//go:build services

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"florin/internal/pgtest"
)

// TestTwoProcessesAtOnce asks two processes on the same four shards for the same
// things at the same moment: the outcome is as exact as with one.
func TestTwoProcessesAtOnce(t *testing.T) {
	t.Parallel()
	c := newClusterOn(t, pgtest.Shared(t), 2)
	t.Run("cases", func(t *testing.T) {
		for name, f := range map[string]func(*testing.T, *cluster){
			"one key": oneKey, "refunds": refundsAtOnce, "withdrawals": withdrawals, "captures and cancels": capturesAndCancels,
			"one adjustment": oneAdjustment, "transfers": randomTransfers,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := *c
				own.t = t
				f(t, &own)
			})
		}
	})
	report := c.audit()
	if n := report.Open; n.Transfers != 0 {
		t.Errorf("still on their way: %+v", n)
	}
}

// settled repeats a request until it is answered for good.
func (c *cluster) settled(process int, path, body, key string) answer {
	for range 200 {
		a := c.call(process, http.MethodPost, "/api/v1"+path, body, key)
		if a.err == nil && a.status != http.StatusServiceUnavailable && a.field("code") != "idempotency_in_progress" {
			return a
		}
	}
	return answer{err: fmt.Errorf("%s is never answered", path)}
}

// oneKey: 200 requests with one key are one payment.
func oneKey(t *testing.T, c *cluster) {
	const user = 101
	answers := together(200, func(i int) answer { return c.settled(i, "/payments", payment(user, 1250, ""), "one") })
	for _, a := range answers {
		if a.status != http.StatusCreated || a.field("id") != answers[0].field("id") {
			t.Fatalf("the answer is %d, %v: %s; the first was %s", a.status, a.err, a.body, answers[0].body)
		}
	}
	var list struct{ Data []any }
	text := c.must(http.StatusOK, c.get(0, fmt.Sprintf("/payments?user_id=%d", user))).body
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Data) != 1 {
		t.Errorf("there are %s, %v", text, err)
	}
}

// refundsAtOnce: 100 refunds of 10.00 each, on a payment of 100.00, are 10.
func refundsAtOnce(t *testing.T, c *cluster) {
	id := c.pay(0, 102, 10_000, "")
	got := counts(together(100, func(i int) answer {
		return c.post(i, "/refunds", fmt.Sprintf(`{"payment":%q,"amount":1000}`, id))
	}))
	if got[http.StatusCreated] != 10 || got[http.StatusConflict] != 90 {
		t.Errorf("the answers are %v, want 10 of 201 and 90 of 409", got)
	}
	if a := c.get(1, "/payments/"+id); a.field("amount_refunded") != "10000" {
		t.Errorf("the payment is %s", a.body)
	}
}

// withdrawals: of 100 of 10.00 each, a wallet of 55.00 has enough for 5.
func withdrawals(t *testing.T, c *cluster) {
	const user = 103
	c.fund(user, 5_500)
	got := counts(together(100, func(i int) answer {
		return c.post(i, fmt.Sprintf("/wallets/%d/adjustments", user),
			fmt.Sprintf(`{"amount":-1000,"currency":"USD","transaction_id":"w%d","reason":"test"}`, i))
	}))
	if got[http.StatusCreated] != 5 || got[http.StatusPaymentRequired] != 95 {
		t.Errorf("the answers are %v, want 5 of 201 and 95 of 402", got)
	}
	if left := c.available(user); left != 500 {
		t.Errorf("left are %d, want 500", left)
	}
}

// capturesAndCancels: of a capture and a cancel of one payment exactly one wins.
func capturesAndCancels(t *testing.T, c *cluster) {
	races := 200
	if isLong() {
		races = 1_000
	}
	wins := map[string]int{}
	for from := 0; from < races; from += 50 {
		ids := make([]string, 50)
		for i, a := range together(len(ids), func(i int) answer {
			return c.post(i, "/payments", payment(104+i, 2_000, `,"capture_method":"manual"`))
		}) {
			ids[i] = c.must(http.StatusCreated, a).field("id")
		}
		// The two of a race stand beside each other, at different processes.
		answers := together(2*len(ids), func(i int) answer {
			what := []string{"capture", "cancel"}[(i+i/4)%2]
			return c.post(i, "/payments/"+ids[i/2]+"/"+what, "{}")
		})
		for i, id := range ids {
			one, other := answers[2*i], answers[2*i+1]
			status := c.get(i, "/payments/"+id).field("status")
			wins[status]++
			if one.status+other.status != http.StatusOK+http.StatusConflict ||
				one.status == http.StatusOK && one.field("status") != status ||
				other.status == http.StatusOK && other.field("status") != status {
				t.Fatalf("the payment is %s, the answers are %d %s and %d %s", status, one.status, one.body, other.status,
					other.body)
			}
		}
	}
	if wins["succeeded"]+wins["canceled"] != races {
		t.Errorf("the outcomes are %v", wins)
	}
	t.Logf("the outcomes are %v", wins)
}

// oneAdjustment: one transaction_id is booked once, whatever the requests' keys.
func oneAdjustment(t *testing.T, c *cluster) {
	const user = 404
	answers := together(100, func(i int) answer {
		return c.settled(i, fmt.Sprintf("/wallets/%d/adjustments", user),
			`{"amount":700,"currency":"USD","transaction_id":"once","reason":"test"}`, fmt.Sprint("key ", i%7))
	})
	for _, a := range answers {
		if a.status != http.StatusCreated || a.field("id") != answers[0].field("id") {
			t.Errorf("the answer is %d, %v: %s; the first was %s", a.status, a.err, a.body, answers[0].body)
		}
	}
	if has := c.available(user); has != 700 {
		t.Errorf("the wallet has %d, want 700", has)
	}
}

// randomTransfers: users of all shards pay each other; no cent comes or goes.
func randomTransfers(t *testing.T, c *cluster) {
	const users, each, first = 16, 10_000, 500
	for i := range users {
		c.fund(first+i, each)
	}
	answers := together(400, func(i int) answer {
		from := rand.IntN(users)
		to := (from + 1 + rand.IntN(users-1)) % users
		return c.settled(i, "/transfers", fmt.Sprintf(
			`{"from_user_id":%d,"to_user_id":%d,"amount":%d,"currency":"USD"}`, first+from, first+to, 1+rand.IntN(3_000)),
			fmt.Sprint("transfer ", i))
	})
	got := counts(answers)
	if got[http.StatusCreated]+got[http.StatusAccepted]+got[http.StatusPaymentRequired] != len(answers) {
		t.Errorf("the answers are %v", got)
	}
	for _, a := range answers {
		if a.status != http.StatusAccepted {
			continue
		}
		c.await("the end of a transfer", func() bool {
			return c.get(0, "/transfers/"+a.field("id")).field("status") != "pending"
		})
	}
	sum := int64(0)
	for i := range users {
		sum += c.available(first + i)
	}
	if sum != users*each {
		t.Errorf("the wallets have %d, want %d", sum, users*each)
	}
}
