// Package ledger decides about double-entry bookkeeping: balanced
// transactions, accounts, and the balance and seq that each entry leaves.
//
// Entries are signed: a credit is positive, a debit negative. So a wallet,
// which is owed to its user, has a positive balance, and a receivable a
// negative one.
package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"florin/ident"
	"florin/money"
)

// Errors of posting.
var (
	ErrUnbalanced   = errors.New("ledger: the entries do not sum to zero")
	ErrEmpty        = errors.New("ledger: a transaction needs two entries, none of them zero")
	ErrInsufficient = errors.New("ledger: the wallet would fall below zero")
)

// Name is an account's name, without shard, slot and currency.
type Name string

// The system accounts' names that have no parameter.
const (
	Sales       Name = "sales"
	Disputes    Name = "disputes"
	Losses      Name = "losses"
	Adjustments Name = "adjustments"
	Payouts     Name = "payouts"
	Bank        Name = "bank"
	Suspense    Name = "suspense"
	Transfers   Name = "transfers"
)

// Receivable is what a gateway owes us.
func Receivable(gateway string) Name { return Name("gateway:" + gateway + ":receivable") }

// Fees is what a gateway's service costs us.
func Fees(gateway string) Name { return Name("fees:" + gateway) }

// Wallet is what a user may spend.
func Wallet(userID int64) Name {
	return Name("user:" + strconv.FormatInt(userID, 10) + ":wallet")
}

// Held is what a user's holds have set aside.
func Held(userID int64) Name {
	return Name("user:" + strconv.FormatInt(userID, 10) + ":held")
}

// UserID returns the account's user; false for a system account, and for a user
// who is not spelled as Wallet and Held do it.
func (n Name) UserID() (int64, bool) {
	rest, ok := strings.CutPrefix(string(n), "user:")
	if !ok || rest == "" || rest[0] < '1' || rest[0] > '9' { // ParseInt takes "+1" and "01"
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}

// Key names one row of balances within a shard.
type Key struct {
	Name     Name
	Slot     int // 0 for a user's account
	Currency money.Currency
}

// Account is a row of balances.
type Account struct {
	Key
	Balance money.Sum
	Seq     int64 // of its last entry; 0 when it has none
}

// Entry is one account's side of a transaction.
type Entry struct {
	ID      ident.ID
	Account Key
	Minor   int64     // credit positive, debit negative, never 0
	Seq     int64     // its place in the account's history, from 1
	Balance money.Sum // of the account after it
}

// Transaction is a balanced set of entries.
type Transaction struct {
	ID      ident.ID
	UserID  int64 // whose command wrote it; 0 of a settlement
	Kind    Kind
	Object  ident.ID // what it books: a capture, a refund, ...
	Payment ident.ID // zero when it belongs to none
	Entries []Entry
}

// Kind says why a transaction was written: a row of the posting table.
type Kind string

// The kinds.
const (
	KindCapture Kind = "capture"
	KindRefund  Kind = "refund"
	// KindRefundFailed books a refund back that failed after it had succeeded.
	KindRefundFailed  Kind = "refund_failed"
	KindDisputeOpened Kind = "dispute_opened"
	KindDisputeWon    Kind = "dispute_won"
	KindDisputeLost   Kind = "dispute_lost"
	// KindSettlement books what a gateway has paid out to us.
	KindSettlement Kind = "settlement"
)

// Posting is one row of the posting table: an amount moves from the credited
// to the debited account in bookkeeping's sense.
type Posting struct {
	Debit, Credit Name
	Amount        money.Amount
}

// NewTransaction makes an unnumbered transaction from postings; ids, seqs and
// balances are given by Post.
func NewTransaction(kind Kind, userID int64, object, payment ident.ID, postings ...Posting) Transaction {
	entries := make([]Entry, 0, 2*len(postings))
	for _, p := range postings {
		entries = append(entries,
			Entry{Account: Key{Name: p.Debit, Currency: p.Amount.Currency}, Minor: -p.Amount.Minor},
			Entry{Account: Key{Name: p.Credit, Currency: p.Amount.Currency}, Minor: p.Amount.Minor})
	}
	return Transaction{UserID: userID, Kind: kind, Object: object, Payment: payment, Entries: entries}
}

// Check returns ErrUnbalanced or ErrEmpty when t is no proper transaction.
func (t Transaction) Check() error {
	if len(t.Entries) < 2 {
		return ErrEmpty
	}
	if len(t.Entries) == 2 { // nearly all of them
		a, b := t.Entries[0], t.Entries[1]
		if a.Minor == 0 || b.Minor == 0 {
			return ErrEmpty
		}
		// The least int64 is its own negative, and so no sum to trust.
		if a.Account.Currency != b.Account.Currency || a.Minor != -b.Minor || a.Minor == b.Minor {
			return ErrUnbalanced
		}
		return nil
	}
	sums := map[money.Currency]money.Sum{}
	for _, e := range t.Entries {
		if e.Minor == 0 {
			return ErrEmpty
		}
		sum, err := sums[e.Account.Currency].Add(e.Minor)
		if err != nil {
			return err
		}
		sums[e.Account.Currency] = sum
	}
	for _, sum := range sums {
		if !sum.IsZero() {
			return ErrUnbalanced
		}
	}
	return nil
}

// Apply returns the account after an entry of minor, or ErrInsufficient when a
// user's account would fall below zero.
func (a Account) Apply(minor int64) (Account, error) {
	balance, err := a.Balance.Add(minor)
	if err != nil {
		return a, err
	}
	if balance.Negative() && minor < 0 && strings.HasPrefix(string(a.Name), "user:") {
		return a, fmt.Errorf("%w: %s %s", ErrInsufficient, a.Name, a.Currency)
	}
	a.Balance, a.Seq = balance, a.Seq+1
	return a, nil
}
