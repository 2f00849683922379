package wallet_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/wallet"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

var ids = ident.NewSource(0, func() time.Time { return began }, func() uint64 { return 1 })

// place is a hold of 10.00 of user 7 for an hour.
func place(t testing.TB) wallet.Hold {
	t.Helper()
	c, err := wallet.DecideHold(money.NewSum(10_00), wallet.PlaceHold{
		ID: ids.New(7), UserID: 7, Amount: usd(10_00), ExpiresAt: began.Add(time.Hour), At: began,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Value
}

// ends are all commands that end a hold.
var ends = map[string]func(wallet.Hold) (wallet.Changes[wallet.Hold], error){
	"capture": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideCapture(wallet.CaptureHold{At: began})
	},
	"capture late": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideCapture(wallet.CaptureHold{At: began.Add(time.Hour)})
	},
	"capture a part": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideCapture(wallet.CaptureHold{Minor: 1, At: began})
	},
	"capture too much": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideCapture(wallet.CaptureHold{Minor: 10_01, At: began})
	},
	"capture less than nothing": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideCapture(wallet.CaptureHold{Minor: -1, At: began})
	},
	"release": wallet.Hold.DecideRelease,
	"expire": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		return h.DecideExpiry(began.Add(time.Hour))
	},
	"expire soon": func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) { return h.DecideExpiry(began) },
}

// Every status against every command: what it becomes, or why not.
func TestHoldTransitions(t *testing.T) {
	t.Parallel()
	want := map[string]map[wallet.HoldStatus]string{
		"capture": {"active": "captured"}, "capture a part": {"active": "captured"},
		"capture late":     {},
		"capture too much": {"active": "over_capture"}, "capture less than nothing": {"active": "invalid_parameter"},
		"release":     {"active": "released"},
		"expire":      {"active": "expired", "captured": "-", "released": "-", "expired": "-"},
		"expire soon": {"active": "-", "captured": "-", "released": "-", "expired": "-"},
	}
	for name, end := range ends {
		for _, status := range wallet.HoldStatuses() {
			h := place(t)
			if status == wallet.HoldCaptured {
				h.CapturedMinor = 5
			}
			if status != wallet.HoldActive {
				h.Status, h.Version = status, 2
			}
			expected := want[name][status]
			if expected == "" {
				expected = "wrong_state"
			}
			if got := became(t, h, end); got != expected {
				t.Errorf("%s of one that is %s: %s, want %s", name, status, got, expected)
			}
		}
	}
}

// became decides and says the new status, "-" for none, or the error's code. It
// holds the changes against what must be true of all.
func became(t *testing.T, h wallet.Hold, end func(wallet.Hold) (wallet.Changes[wallet.Hold], error)) string {
	t.Helper()
	c, err := end(h)
	switch {
	case err != nil:
		if c.Changed || c.Events != nil || c.Transactions != nil {
			t.Errorf("refused with %v, and yet %+v", err, c)
		}
		return string(problem.CodeOf(err))
	case !c.Changed:
		if len(c.Events)+len(c.Transactions) > 0 {
			t.Errorf("nothing changes, and yet %+v", c)
		}
		return "-"
	}
	if err := c.Value.Check(); err != nil {
		t.Error(err)
	}
	if c.Value.Version != h.Version+1 || len(c.Events) != 1 || c.Events[0].Version != c.Value.Version ||
		c.Events[0].Object != h.ID || len(c.Transactions) != 1 || c.Transactions[0].Object != h.ID {
		t.Errorf("the changes are %+v", c)
	}
	held := int64(0)
	for _, e := range c.Transactions[0].Entries {
		if e.Account.Name == ledger.Held(h.UserID) {
			held += e.Minor
		}
	}
	if err := c.Transactions[0].Check(); err != nil || held != -h.Amount.Minor {
		t.Errorf("%d leave what is held: %v", held, err)
	}
	return string(c.Value.Status)
}

func TestDecideHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		balance int64
		c       wallet.PlaceHold
		param   string
		code    problem.Code
	}{
		{"all there is", 10, wallet.PlaceHold{Amount: usd(10)}, "", ""},
		{"one too much", 9, wallet.PlaceHold{Amount: usd(10)}, "amount", problem.InsufficientFunds},
		{"nothing", 9, wallet.PlaceHold{Amount: usd(0)}, "amount", problem.InvalidParameter},
		{"less than nothing", 9, wallet.PlaceHold{Amount: usd(-1)}, "amount", problem.InvalidParameter},
		{"the past", 9, wallet.PlaceHold{Amount: usd(1), ExpiresAt: began}, "expires_at", problem.InvalidParameter},
		{"30 days", 9, wallet.PlaceHold{Amount: usd(1), ExpiresAt: began.Add(wallet.MaxHoldTime)}, "", ""},
		{
			"more than 30 days", 9,
			wallet.PlaceHold{Amount: usd(1), ExpiresAt: began.Add(wallet.MaxHoldTime + time.Second)},
			"expires_at", problem.InvalidParameter,
		},
		{
			"beyond the range", 1 << 62,
			wallet.PlaceHold{Amount: usd(money.Currency("USD").MaxMinor() + 1)},
			"amount", problem.InvalidParameter,
		},
	} {
		c.c.ID, c.c.UserID, c.c.At = ids.New(7), 7, began
		changes, err := wallet.DecideHold(money.NewSum(c.balance), c.c)
		if c.code == "" {
			if err != nil || changes.Value.Check() != nil || !changes.New {
				t.Errorf("%s: %+v, %v", c.name, changes, err)
			}
			continue
		}
		wantProblem(t, c.name, err, c.code, c.param)
	}
	h, err := wallet.DecideHold(money.NewSum(1), wallet.PlaceHold{Amount: usd(1), At: began, UserID: 1, ID: ids.New(1)})
	if err != nil || !h.Value.ExpiresAt.Equal(began.Add(7*24*time.Hour)) {
		t.Errorf("by default it ends at %v, %v", h.Value.ExpiresAt, err)
	}
}

func wantProblem(t *testing.T, name string, err error, code problem.Code, param string) {
	t.Helper()
	p, ok := err.(*problem.Problem) //nolint:errorlint // decisions return it bare
	if !ok || p.Code != code || p.Param != param {
		t.Errorf("%s: %v, want %s of %s", name, err, code, param)
	}
}

// Whatever is done to a wallet, it is never below zero, and what it has, what is
// held and what has left it are what was put in.
func TestWalletNeverFallsBelowZero(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		accounts := map[ledger.Name]int64{}
		var holds []wallet.Hold
		minor := rapid.Int64Range(1, 100)
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			balance := money.NewSum(accounts[ledger.Wallet(7)])
			var booked []ledger.Transaction
			switch rapid.IntRange(0, 4).Draw(t, "command") {
			case 0, 1:
				amount := usd(minor.Draw(t, "minor") * rapid.SampledFrom([]int64{1, -1}).Draw(t, "sign"))
				c, _ := wallet.DecideAdjustment(balance, wallet.Adjust{ID: ids.New(7), UserID: 7, Amount: amount})
				booked = c.Transactions
			case 2:
				c, err := wallet.DecideHold(balance, wallet.PlaceHold{
					ID: ids.New(7), UserID: 7, Amount: usd(minor.Draw(t, "minor")), At: began,
				})
				if err == nil {
					holds, booked = append(holds, c.Value), c.Transactions
				}
			case 3:
				c, _ := wallet.DecidePayout(balance, wallet.PayOut{ID: ids.New(7), UserID: 7, Amount: usd(minor.Draw(t, "minor"))})
				booked = c.Transactions
			case 4:
				if len(holds) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(holds)-1).Draw(t, "hold")
				c, err := rapid.SampledFrom([]func(wallet.Hold) (wallet.Changes[wallet.Hold], error){
					ends["capture"], ends["capture a part"], ends["release"], ends["expire"],
				}).Draw(t, "end")(holds[i])
				if err == nil {
					holds[i], booked = c.Value, c.Transactions
				}
			}
			for _, transaction := range booked {
				for _, e := range transaction.Entries {
					accounts[e.Account.Name] += e.Minor
				}
			}
			held, total := int64(0), int64(0)
			for _, h := range holds {
				if h.Status == wallet.HoldActive {
					held += h.Amount.Minor
				}
			}
			for _, balance := range accounts {
				total += balance
			}
			if accounts[ledger.Wallet(7)] < 0 || accounts[ledger.Held(7)] != held || total != 0 {
				t.Fatalf("the accounts are %v, held should be %d", accounts, held)
			}
		}
	})
}
