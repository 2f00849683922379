package ledger_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"florin/ident"
	"florin/ledger"
	"florin/money"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]ledger.Name{
		"gateway:stripe:receivable":       ledger.Receivable("stripe"),
		"fees:stripe":                     ledger.Fees("stripe"),
		"user:42:wallet":                  ledger.Wallet(42),
		"user:42:held":                    ledger.Held(42),
		"user:9223372036854775807:wallet": ledger.Wallet(math.MaxInt64),
		"sales":                           ledger.Sales,
		"disputes":                        ledger.Disputes,
		"losses":                          ledger.Losses,
		"adjustments":                     ledger.Adjustments,
		"payouts":                         ledger.Payouts,
		"bank":                            ledger.Bank,
		"suspense":                        ledger.Suspense,
		"transfers":                       ledger.Transfers,
	} {
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if _, user := got.UserID(); user != strings.HasPrefix(want, "user:") {
			t.Errorf("%s is a user's: %v", got, user)
		}
	}
}

func TestUserID(t *testing.T) {
	t.Parallel()
	for name, want := range map[ledger.Name]int64{
		"user:1:wallet":                   1,
		"user:1:held":                     1,
		"user:10:wallet":                  10,
		"user:9223372036854775807:wallet": math.MaxInt64,
	} {
		if got, ok := name.UserID(); !ok || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, ok, want)
		}
	}
	for _, name := range []ledger.Name{
		"", "user", "user:", "user::wallet", "user:wallet", "user:x:wallet", "user:1x:wallet", "user:0x1:wallet",
		"user:0:wallet", "user:-1:wallet", "user:9223372036854775808:wallet", "user:18446744073709551617:wallet",
		"user:1.0:wallet", "user:1e3:wallet", "user:1_0:wallet", "user: 1:wallet", "user:1 :wallet", "user:\u0661:wallet",
		"user:+1:wallet", "user:01:wallet", "user:-0:wallet", // other spellings of what has a name
		"User:1:wallet", " user:1:wallet", "users:1:wallet", "gateway:user:1:receivable", "fees:user:1", "1", "sales",
		ledger.Receivable("user:1"), ledger.Wallet(0), ledger.Held(-1), ledger.Wallet(math.MinInt64),
	} {
		if id, ok := name.UserID(); ok {
			t.Errorf("%q is said to be user %d's", name, id)
		}
	}
}

// A user's accounts, and no others, have a user; one user's are not another's.
func TestUserIDOfEveryUser(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.Int64Min(1).Draw(t, "user")
		for _, name := range []ledger.Name{ledger.Wallet(user), ledger.Held(user)} {
			if got, ok := name.UserID(); !ok || got != user {
				t.Fatalf("%s: got %d, %v", name, got, ok)
			}
		}
		gateway := rapid.String().Draw(t, "gateway")
		for _, name := range []ledger.Name{ledger.Receivable(gateway), ledger.Fees(gateway)} {
			if got, ok := name.UserID(); ok {
				t.Fatalf("%s is said to be user %d's", name, got)
			}
		}
	})
}

func FuzzUserID(f *testing.F) {
	for _, seed := range []string{
		"user:1:wallet", "user:+1:held", "user:01", "sales", "user::", "user:9999999999999999999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := ledger.Name(text).UserID()
		if !ok {
			return
		}
		if own := strings.TrimSuffix(string(ledger.Wallet(id)), ":wallet"); id < 1 ||
			text != own && !strings.HasPrefix(text, own+":") {
			t.Fatalf("%q is said to be user %d's", text, id)
		}
	})
}

func TestNewTransaction(t *testing.T) {
	t.Parallel()
	object, payment := ident.ID{1}, ident.ID{2}
	got := ledger.NewTransaction(ledger.KindCapture, 7, object, payment,
		ledger.Posting{Debit: ledger.Bank, Credit: ledger.Sales, Amount: money.Amount{Minor: 97, Currency: "USD"}},
		ledger.Posting{Debit: "fees:x", Credit: ledger.Sales, Amount: money.Amount{Minor: 3, Currency: "USD"}})
	if got.Kind != ledger.KindCapture || got.UserID != 7 || got.Object != object || got.Payment != payment ||
		!got.ID.IsZero() || len(got.Entries) != 4 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []struct {
		name  ledger.Name
		minor int64
	}{{ledger.Bank, -97}, {ledger.Sales, 97}, {"fees:x", -3}, {ledger.Sales, 3}} {
		e := got.Entries[i]
		if e.Account != (ledger.Key{Name: want.name, Currency: "USD"}) || e.Minor != want.minor ||
			e.Seq != 0 || !e.Balance.IsZero() || !e.ID.IsZero() {
			t.Errorf("entry %d: got %+v", i, e)
		}
	}
	if empty := ledger.NewTransaction(ledger.KindRefund, 7, object, payment); !errors.Is(empty.Check(), ledger.ErrEmpty) {
		t.Error("a transaction without postings is taken")
	}
}

// An amount that cannot be negated is not taken for a balanced one.
func TestNewTransactionOfTheLeastAmount(t *testing.T) {
	t.Parallel()
	txn := ledger.NewTransaction(ledger.KindCapture, 7, ident.ID{1}, ident.ID{2}, ledger.Posting{
		Debit: ledger.Bank, Credit: ledger.Sales, Amount: money.Amount{Minor: math.MinInt64, Currency: "USD"},
	})
	if err := txn.Check(); !errors.Is(err, ledger.ErrUnbalanced) {
		t.Errorf("got %v", err)
	}
}

func anAmount() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Range(-3, 3), rapid.Int64(),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1}),
	)
}

// Check agrees with sums that have no limit.
func TestCheckAgainstBig(t *testing.T) {
	t.Parallel()
	currencies := rapid.SampledFrom([]money.Currency{"USD", "USD", "JPY"})
	rapid.Check(t, func(t *rapid.T) {
		var txn ledger.Transaction
		sums, zero := map[money.Currency]*big.Int{}, false
		for range rapid.IntRange(0, 6).Draw(t, "entries") {
			currency, minor := currencies.Draw(t, "currency"), anAmount().Draw(t, "minor")
			if sums[currency] == nil {
				sums[currency] = new(big.Int)
			} else if rest := new(big.Int).Neg(sums[currency]); rest.IsInt64() && rapid.Bool().Draw(t, "balance") {
				minor = rest.Int64()
			}
			zero = zero || minor == 0
			sums[currency].Add(sums[currency], big.NewInt(minor))
			txn.Entries = append(txn.Entries, ledger.Entry{Account: ledger.Key{Currency: currency}, Minor: minor})
		}
		var want error
		for _, sum := range sums {
			if sum.Sign() != 0 {
				want = ledger.ErrUnbalanced
			}
		}
		if zero || len(txn.Entries) < 2 {
			want = ledger.ErrEmpty
		}
		if err := txn.Check(); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	})
}

// Apply agrees with a balance that has no limit, entry by entry.
func TestApplyAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]ledger.Name{ledger.Sales, ledger.Wallet(7), ledger.Held(7)}).Draw(t, "name")
		account := ledger.Account{Key: ledger.Key{Name: name, Slot: 3, Currency: "USD"}}
		balance, seq := new(big.Int), int64(0)
		for _, minor := range rapid.SliceOfN(anAmount(), 0, 60).Draw(t, "entries") {
			next := new(big.Int).Add(balance, big.NewInt(minor))
			after, err := account.Apply(minor)
			if name != ledger.Sales && next.Sign() < 0 {
				if !errors.Is(err, ledger.ErrInsufficient) || after != account {
					t.Fatalf("%s of %s: got %+v and %v, want ErrInsufficient", next, name, after, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s of %s: %v", next, name, err)
			}
			account, balance, seq = after, next, seq+1
			if account.Balance.String() != balance.String() || account.Seq != seq || account.Slot != 3 {
				t.Fatalf("got %+v, want %s#%d", account, balance, seq)
			}
		}
	})
}

// Who is refused learns which account it was, and nothing of its balance.
func TestApplySaysWhichAccount(t *testing.T) {
	t.Parallel()
	account := ledger.Account{Key: ledger.Key{Name: ledger.Wallet(7), Currency: "USD"}, Balance: money.NewSum(1234)}
	_, err := account.Apply(-5678)
	if text := err.Error(); !strings.Contains(text, "user:7:wallet USD") || strings.Contains(text, "1234") {
		t.Errorf("got %s", text)
	}
}
