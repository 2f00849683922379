package wallet_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/wallet"
)

func newIDs() *ident.Source {
	return ident.NewSource(0, func() time.Time { return time.UnixMilli(1) }, func() uint64 { return 3 })
}

func create(local bool, minor, balance int64) wallet.CreateTransfer {
	return wallet.CreateTransfer{
		ID: newIDs().New(7), FromUserID: 7, ToUserID: 8, Amount: money.Amount{Minor: minor, Currency: "EUR"},
		Local: local, Balance: money.NewSum(balance),
	}
}

// posted says what a decision books: the kind, who wrote it, debit and credit.
func posted(t *testing.T, c wallet.TransferChanges, kind ledger.Kind, userID int64, debit, credit ledger.Name) {
	t.Helper()
	if len(c.Transactions) != 1 {
		t.Fatalf("%d transactions, want 1", len(c.Transactions))
	}
	got := c.Transactions[0]
	if err := got.Check(); err != nil {
		t.Fatal(err)
	}
	minor := c.Transfer.Amount.Minor
	if got.Kind != kind || got.UserID != userID || got.Object != c.Transfer.ID ||
		got.Entries[0].Account.Name != debit || got.Entries[0].Minor != -minor ||
		got.Entries[1].Account.Name != credit || got.Entries[1].Minor != minor {
		t.Errorf("it books %+v, want a %s of %s to %s", got, kind, debit, credit)
	}
}

// told checks the one event of a decision.
func told(t *testing.T, c wallet.TransferChanges, kind event.Type, version int64) {
	t.Helper()
	if len(c.Events) != 1 {
		t.Fatalf("%d events, want 1", len(c.Events))
	}
	e := c.Events[0]
	var data map[string]any
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	if e.Type != kind || e.Version != version || e.Version != c.Transfer.Version || e.Kind != ident.Transfer ||
		e.Object != c.Transfer.ID || e.UserID != 7 || data["status"] != string(c.Transfer.Status) ||
		data["to_user_id"] != 8.0 || data["id"] != c.Transfer.ID.Text(ident.Transfer) {
		t.Errorf("it tells %+v %s", e, e.Data)
	}
}

func TestDecideTransfer(t *testing.T) {
	t.Parallel()
	from, to := ledger.Wallet(7), ledger.Wallet(8)
	local, err := wallet.DecideTransfer(create(true, 100, 100))
	if err != nil || local.Transfer.Status != wallet.TransferSucceeded || !local.New {
		t.Fatalf("%+v, %v", local, err)
	}
	posted(t, local, ledger.KindTransfer, 7, from, to)
	told(t, local, event.TransferSucceeded, 1)
	cross, err := wallet.DecideTransfer(create(false, 100, 100))
	if err != nil || cross.Transfer.Status != wallet.TransferPending {
		t.Fatalf("%+v, %v", cross, err)
	}
	posted(t, cross, ledger.KindTransferOut, 7, from, ledger.Transfers)
	told(t, cross, event.TransferPending, 1)
}

func TestDecideTransferRefuses(t *testing.T) {
	t.Parallel()
	full := wallet.Receiver{Balance: money.NewSum(math.MaxInt64)}
	for name, c := range map[string]struct {
		change func(*wallet.CreateTransfer)
		want   problem.Code
	}{
		"to oneself":        {func(c *wallet.CreateTransfer) { c.ToUserID = 7 }, problem.InvalidParameter},
		"nothing":           {func(c *wallet.CreateTransfer) { c.Amount.Minor = 0 }, problem.InvalidParameter},
		"less than nothing": {func(c *wallet.CreateTransfer) { c.Amount.Minor = math.MinInt64 }, problem.InvalidParameter},
		"one too much":      {func(c *wallet.CreateTransfer) { c.Amount.Minor = 101 }, problem.InsufficientFunds},
		"far too much":      {func(c *wallet.CreateTransfer) { c.Amount.Minor = math.MaxInt64 }, problem.InsufficientFunds},
		"a full wallet":     {func(c *wallet.CreateTransfer) { c.Receiver = full }, problem.WalletFull},
		"a closed wallet":   {func(c *wallet.CreateTransfer) { c.Receiver.Closed = true }, problem.WalletClosed},
	} {
		command := create(true, 100, 100)
		c.change(&command)
		changes, err := wallet.DecideTransfer(command)
		if !problem.Is(err, c.want) || changes.Changed || len(changes.Transactions)+len(changes.Events) > 0 {
			t.Errorf("%s: %+v, %v, want %s", name, changes, err, c.want)
		}
	}
	// What the other shard's wallet is like is not known on this one.
	command := create(false, 100, 100)
	command.Receiver = full
	if _, err := wallet.DecideTransfer(command); err != nil {
		t.Error(err)
	}
}

// TestCrossing walks a transfer through its three steps, for every answer of the
// receiver's wallet, and each step again.
func TestCrossing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		receiver wallet.Receiver
		reason   problem.Code
	}{
		"accepted":        {wallet.Receiver{Balance: money.NewSum(5)}, ""},
		"the last it has": {wallet.Receiver{Balance: money.NewSum(math.MaxInt64 - 100)}, ""},
		"full":            {wallet.Receiver{Balance: money.NewSum(math.MaxInt64 - 99)}, problem.WalletFull},
		"closed":          {wallet.Receiver{Closed: true}, problem.WalletClosed},
	} {
		begun, err := wallet.DecideTransfer(create(false, 100, 100))
		if err != nil {
			t.Fatal(err)
		}
		received := wallet.DecideReceive(begun.Transfer, c.receiver)
		if received.Transfer.Reason != c.reason || received.Transfer.Version != 1 || len(received.Events) > 0 {
			t.Errorf("%s: the receiver has %+v", name, received)
		}
		ended, err := wallet.DecideTransferOutcome(begun.Transfer, received.Transfer)
		if err != nil || ended.Transfer.Status != received.Transfer.Status || ended.Transfer.Reason != c.reason {
			t.Fatalf("%s: %+v, %v", name, ended, err)
		}
		if c.reason == "" {
			posted(t, received, ledger.KindTransferIn, 8, ledger.Transfers, ledger.Wallet(8))
			told(t, ended, event.TransferSucceeded, 2)
			if len(ended.Transactions) > 0 {
				t.Errorf("%s: the end books %+v", name, ended.Transactions)
			}
		} else {
			posted(t, ended, ledger.KindTransferReturn, 7, ledger.Transfers, ledger.Wallet(7))
			told(t, ended, event.TransferFailed, 2)
			if len(received.Transactions) > 0 {
				t.Errorf("%s: a refusal books %+v", name, received.Transactions)
			}
		}
		again, err := wallet.DecideTransferOutcome(ended.Transfer, received.Transfer)
		if err != nil || again.Changed || len(again.Transactions)+len(again.Events) > 0 {
			t.Errorf("%s: a second end: %+v, %v", name, again, err)
		}
		other := received.Transfer
		other.Status = map[wallet.TransferStatus]wallet.TransferStatus{
			wallet.TransferSucceeded: wallet.TransferFailed, wallet.TransferFailed: wallet.TransferSucceeded,
		}[other.Status]
		if _, err := wallet.DecideTransferOutcome(ended.Transfer, other); !problem.Is(err, problem.Internal) {
			t.Errorf("%s: the receiver changed its mind: %v", name, err)
		}
		if _, err := wallet.DecideTransferOutcome(begun.Transfer, begun.Transfer); !problem.Is(err, problem.Internal) {
			t.Errorf("%s: a pending outcome: %v", name, err)
		}
	}
}

// TestNeverMoreThanThereIs: whatever the amounts, a decision that is taken leaves
// both wallets within their bounds.
func TestNeverMoreThanThereIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 5))
		c := create(rapid.Bool().Draw(t, "local"), amounts.Draw(t, "amount"), amounts.Draw(t, "balance"))
		c.Receiver.Balance = money.NewSum(amounts.Draw(t, "receiver"))
		changes, err := wallet.DecideTransfer(c)
		if err != nil {
			return
		}
		left, _ := c.Balance.Add(-c.Amount.Minor)
		after, _ := c.Receiver.Balance.Add(c.Amount.Minor)
		if _, fits := after.Int64(); left.Negative() || c.Amount.Minor <= 0 || c.Local && !fits {
			t.Fatalf("%+v was decided: %+v", c, changes)
		}
	})
}

// TestCheckOfTransfers: what every decision makes is sound, and each corruption of
// it is not.
func TestCheckOfTransfers(t *testing.T) {
	t.Parallel()
	begun := func(local bool) wallet.Transfer {
		changes, err := wallet.DecideTransfer(create(local, 5, 5))
		if err != nil {
			t.Fatal(err)
		}
		return changes.Transfer
	}
	local, pending := begun(true), begun(false)
	taken := wallet.DecideReceive(pending, wallet.Receiver{}).Transfer
	refused := wallet.DecideReceive(pending, wallet.Receiver{Closed: true}).Transfer
	ended := func(received wallet.Transfer) wallet.Transfer {
		changes, err := wallet.DecideTransferOutcome(pending, received)
		if err != nil {
			t.Fatal(err)
		}
		return changes.Transfer
	}
	sound := func(check func(wallet.Transfer) error, transfers ...wallet.Transfer) {
		for _, transfer := range transfers {
			if err := check(transfer); err != nil {
				t.Error(err)
			}
			for name, corrupt := range map[string]func(*wallet.Transfer){
				"no version":    func(t *wallet.Transfer) { t.Version = 0 },
				"two versions":  func(t *wallet.Transfer) { t.Version += 2 },
				"a status":      func(t *wallet.Transfer) { t.Status += "s" },
				"no reason":     func(t *wallet.Transfer) { t.Status, t.Reason = wallet.TransferFailed, "" },
				"a debt":        func(t *wallet.Transfer) { t.Amount.Minor = -t.Amount.Minor },
				"one to itself": func(t *wallet.Transfer) { t.ToUserID = t.FromUserID },
			} {
				broken := transfer
				corrupt(&broken)
				if err := check(broken); !problem.Is(err, problem.Internal) {
					t.Errorf("%s of %+v: %v", name, broken, err)
				}
			}
		}
	}
	sound(wallet.Transfer.Check, local, pending, ended(taken), ended(refused))
	sound(wallet.Transfer.CheckReceived, taken, refused)
	if pending.CheckReceived() == nil {
		t.Error("a transfer is sound where it is not")
	}
}
