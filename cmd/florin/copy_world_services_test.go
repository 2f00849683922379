//go:build services

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/store/sqlite"
	"florin/wallet"
)

// copiedUsers are the users of a store that is copied: of each shard of four some
// that stay together on eight, and some that do not.
const copiedUsers = 40

// furnish fills an embedded store with everything that one can hold.
func furnish(t *testing.T, dir string, payments int) {
	t.Helper()
	r := start(t, dir, false)
	key := r.key()
	must := func(path, body string) string {
		t.Helper()
		status, text := r.post(key, "/api/v1"+path, body)
		if status >= 400 {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		var made struct{ ID string }
		_ = json.Unmarshal([]byte(text), &made) // lists have none
		return made.ID
	}
	var transfers []string
	for user := 1; user <= copiedUsers; user++ {
		furnishUser(must, user)
		for _, to := range []int{1, 2, 4, 8} { // another shard of eight, of four, of two, the same
			transfers = append(transfers, fmt.Sprintf(
				`{"from_user_id":%d,"to_user_id":%d,"amount":%d,"currency":"EUR"}`, user, (user+to-1)%copiedUsers+1, 10+to))
		}
	}
	must("/transfers/batch", `{"transfers":[`+strings.Join(transfers, ",")+`]}`)
	cards := []string{"visa", "visa", "mastercard", "chargeDeclined", "createDispute", "visa"}
	for from := 0; from < payments; from += 500 {
		var items []string
		for i := range 500 {
			items = append(items, fmt.Sprintf(`{"user_id":%d,"amount":%d,"currency":"USD","payment_method":"pm_card_%s",`+
				`"confirm":true,"idempotency_key":"%d-%d"}`, i%copiedUsers+1, 100+i, cards[i%len(cards)], from, i))
		}
		must("/payments/batch", `{"payments":[`+strings.Join(items, ",")+`]}`)
	}
	furnishBatch(r, key)
	must("/settlements", `{"gateway":"simulated","reference":"march","amount":1000,"fee":30,"currency":"USD"}`)
	r.settle(key)
	r.stop()
	leavePending(t, dir)
}

// furnishUser gives a user of everything one.
func furnishUser(must func(path, body string) string, user int) {
	wallet := fmt.Sprintf("/wallets/%d", user)
	must(wallet+"/adjustments", fmt.Sprintf(
		`{"amount":100000,"currency":"EUR","transaction_id":"gift-%d","reason":"x"}`, user))
	must("/payments", fmt.Sprintf(
		`{"user_id":%d,"amount":500,"currency":"EUR","payment_method":"pm_card_visa","confirm":true,`+
			`"purpose":"wallet_topup"}`, user))
	must("/payments", fmt.Sprintf(
		`{"user_id":%d,"amount":300,"currency":"EUR","payment_method":"wallet","confirm":true}`, user))
	for range 3 {
		must(wallet+"/holds", `{"amount":200,"currency":"EUR","expires_in":3600,"metadata":{"table":"7"}}`)
	}
	captured := must(wallet+"/holds", `{"amount":250,"currency":"EUR","expires_in":3600}`)
	must(wallet+"/holds/"+captured+"/capture", `{"amount":100}`)
	released := must(wallet+"/holds", `{"amount":250,"currency":"EUR","expires_in":3600}`)
	must(wallet+"/holds/"+released+"/release", `{}`)
	must("/payouts", fmt.Sprintf(`{"user_id":%d,"amount":70,"currency":"EUR"}`, user))
	must("/payment_methods", fmt.Sprintf(
		`{"user_id":%d,"card":{"number":"4242424242424242","exp_month":12,"exp_year":2030,"cvc":"123"}}`, user))
	manual := fmt.Sprintf(`{"user_id":%d,"amount":5000,"currency":"USD","payment_method":"pm_card_visa","confirm":true,`+
		`"capture_method":"manual","metadata":{"order":"é%d"}}`, user, user)
	payment := must("/payments", manual)
	must("/payments/"+payment+"/capture", `{"amount":2000}`)
	must("/refunds", `{"payment":"`+payment+`","amount":500}`)
	must("/payments/"+must("/payments", manual)+"/cancel", `{}`)
	must("/payments", manual)
	must("/payments", fmt.Sprintf(`{"user_id":%d,"amount":900,"currency":"JPY"}`, user))
}

// furnishBatch has a batch accepted for later, deletes a card, and answers a
// dispute.
func furnishBatch(r *running, key string) {
	r.t.Helper()
	call := func(method, path, body string, headers ...string) string {
		r.t.Helper()
		request, err := http.NewRequestWithContext(
			context.Background(), method, r.url+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			r.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			r.t.Fatal(err)
		}
		defer answer.Body.Close()
		var got struct {
			ID   string
			Data []struct{ ID string }
		}
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || answer.StatusCode >= 400 {
			r.t.Fatalf("%s %s: %d, %v", method, path, answer.StatusCode, err)
		}
		if len(got.Data) > 0 {
			return got.Data[0].ID
		}
		return got.ID
	}
	item := `{"user_id":6,"amount":100,"currency":"USD","payment_method":"pm_card_visa","confirm":true}`
	call(http.MethodPost, "/payments/batch", `{"payments":[`+item+strings.Repeat(","+item, 249)+`]}`,
		"Prefer", "respond-async", "Idempotency-Key", "night")
	call(http.MethodDelete, "/payment_methods/"+call(http.MethodGet, "/payment_methods?user_id=3", ""), "")
	dispute := ""
	for range 100 {
		if dispute = call(http.MethodGet, "/disputes", ""); dispute != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	call(http.MethodPost, "/disputes/"+dispute+"/evidence", `{"text":"winning_evidence"}`)
}

// settle waits until little is open.
func (r *running) settle(string) {
	r.t.Helper()
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		batches := 0
		for shard := range r.node.store.Shards() {
			due, err := r.node.store.DueBatches(r.t.Context(), shard, time.Now().Add(time.Hour), 10)
			if err != nil {
				r.t.Fatal(err)
			}
			batches += len(due)
		}
		if batches == 0 {
			return
		}
	}
	r.t.Error("the batch is not worked off")
}

// leavePending leaves transfers between shards on their way, as a crash does: some
// that have only left, and some that were received too.
func leavePending(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ids := ident.NewSource(0, time.Now, newChance())
	if high, err := s.LastHigh(t.Context()); err == nil {
		ids.Advance(high)
	}
	for n := range 12 {
		from, to := int64(n%4+1), int64(n%4+1+n%3+1)
		c, err := wallet.DecideTransfer(wallet.CreateTransfer{
			ID: ids.New(from), FromUserID: from, ToUserID: to, Amount: money.Amount{Minor: 33, Currency: "EUR"},
			Balance: money.NewSum(1000),
		})
		if err != nil {
			t.Fatal(err)
		}
		commitTransfer(t, s, ids, from, c, false)
		if n%2 == 0 {
			commitTransfer(t, s, ids, to, wallet.DecideReceive(c.Transfer, wallet.Receiver{Closed: n%4 == 0}), true)
		}
	}
}

// commitTransfer does what a committer does.
func commitTransfer(
	t *testing.T, s store.Store, ids *ident.Source, user int64, c wallet.TransferChanges, received bool,
) {
	t.Helper()
	changes := store.Changes{Group: ids.New(user), Transactions: c.Transactions, Events: c.Events}
	if received {
		changes.Received = []wallet.Transfer{c.Transfer}
	} else {
		changes.Transfers = []store.Change[wallet.Transfer]{c.Change()}
	}
	tx, err := s.Begin(t.Context(), ident.Shard(user, s.Shards()))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var keys store.Keys
	for _, v := range c.Transactions {
		for _, e := range v.Entries {
			keys.Accounts = append(keys.Accounts, e.Account)
		}
	}
	state, err := tx.Load(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i := range changes.Transactions {
		v := &changes.Transactions[i]
		v.ID = ids.New(user)
		for j := range v.Entries {
			e := &v.Entries[j]
			var a ledger.Account
			if a, err = state.Accounts[e.Account].Apply(e.Minor); err != nil {
				t.Fatal(err)
			}
			e.ID, e.Seq, e.Balance = ids.New(user), a.Seq, a.Balance
			changes.Accounts = append(changes.Accounts, a)
		}
	}
	for i := range changes.Events {
		changes.Events[i].ID = ids.New(user)
	}
	if err := tx.Write(t.Context(), &changes); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
