package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"florin/ident"
	"florin/ledger"
	"florin/money"
)

// The golden tables in testdata are scripts of a tiny language, a statement a
// line; # begins a comment. A "case" starts with no accounts.
//
//	case NAME
//	open NAME CURRENCY BALANCE             an account as it stands, BALANCE in minor units
//	post KIND DEBIT CREDIT AMOUNT CURRENCY  a posting, AMOUNT in major units; more postings
//	   + DEBIT CREDIT AMOUNT CURRENCY       of the same transaction follow
//	txn NAME CURRENCY MINOR, ...            a transaction of these entries
//	   refused WORD                         the statement before is refused: unbalanced, empty,
//	                                        insufficient or overflow; else it must be taken
//	entries BALANCE#SEQ ...                 what it gave its entries
//	balance NAME CURRENCY BALANCE#SEQ       an account as it stands now
//	sums CURRENCY BALANCE                   of all accounts: zero, unless some were opened
type script struct {
	t        *testing.T
	where    string // file and line
	accounts map[ledger.Key]ledger.Account
	pending  *ledger.Transaction // to be posted once the next statement is no part of it
	posted   []ledger.Entry      // of the last transaction
}

var refusals = map[string]error{
	"unbalanced": ledger.ErrUnbalanced, "empty": ledger.ErrEmpty,
	"insufficient": ledger.ErrInsufficient, "overflow": money.ErrOverflow,
}

func TestScripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, accounts: map[ledger.Key]ledger.Account{}}
			for i, line := range strings.Split(string(text), "\n") {
				s.where = fmt.Sprintf("%s:%d", path, i+1)
				line, _, _ = strings.Cut(line, "#"+" ")
				if words := strings.Fields(line); len(words) > 0 {
					s.run(words)
				}
			}
			s.settle("")
		})
	}
}

// run obeys one statement.
func (s *script) run(words []string) {
	s.t.Helper()
	verb, args := words[0], words[1:]
	want := ""
	switch verb {
	case "+":
		more := s.transaction("", args)
		s.pending.Entries = append(s.pending.Entries, more.Entries...)
		return
	case "refused":
		want = args[0]
	}
	s.settle(want)
	switch verb {
	case "case":
		s.accounts = map[ledger.Key]ledger.Account{}
	case "refused":
	case "open":
		key := ledger.Key{Name: ledger.Name(args[0]), Currency: money.Currency(args[1])}
		s.accounts[key] = ledger.Account{Key: key, Balance: s.sum(args[2])}
	case "post":
		s.pending = s.transaction(ledger.Kind(args[0]), args[1:])
	case "txn":
		s.pending = s.entries(strings.Split(strings.Join(args, " "), ","))
	case "entries":
		var got []string
		for _, e := range s.posted {
			got = append(got, fmt.Sprintf("%s#%d", e.Balance, e.Seq))
		}
		s.want(got, args)
	case "balance":
		a := s.accounts[ledger.Key{Name: ledger.Name(args[0]), Currency: money.Currency(args[1])}]
		s.want([]string{fmt.Sprintf("%s#%d", a.Balance, a.Seq)}, args[2:])
	case "sums":
		s.want([]string{s.total(money.Currency(args[0])).String()}, args[1:])
	default:
		s.t.Fatalf("%s: no statement: %s", s.where, verb)
	}
}

func (s *script) want(got, want []string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: got %v, want %v", s.where, got, want)
	}
}

// settle posts what is pending, and wants it refused as told.
func (s *script) settle(refused string) {
	s.t.Helper()
	if s.pending == nil {
		if refused != "" {
			s.t.Fatalf("%s: nothing was posted", s.where)
		}
		return
	}
	err := s.post(*s.pending)
	s.pending = nil
	if !errors.Is(err, refusals[refused]) {
		s.t.Errorf("%s, or before: got %v, want %q", s.where, err, refused)
	}
}

// post does in small what commit does: all of a transaction or nothing.
func (s *script) post(txn ledger.Transaction) error {
	if err := txn.Check(); err != nil {
		return err
	}
	after := map[ledger.Key]ledger.Account{}
	for i := range txn.Entries {
		e := &txn.Entries[i]
		account, ok := after[e.Account]
		if !ok {
			account, ok = s.accounts[e.Account]
		}
		if !ok {
			account.Key = e.Account
		}
		account, err := account.Apply(e.Minor)
		if err != nil {
			return err
		}
		after[e.Account], e.Seq, e.Balance = account, account.Seq, account.Balance
	}
	for key, account := range after {
		s.accounts[key] = account
	}
	s.posted = txn.Entries
	return nil
}

func (s *script) transaction(kind ledger.Kind, args []string) *ledger.Transaction {
	s.t.Helper()
	if len(args) != 4 {
		s.t.Fatalf("%s: a posting is DEBIT CREDIT AMOUNT CURRENCY", s.where)
	}
	posting := ledger.Posting{
		Debit: ledger.Name(args[0]), Credit: ledger.Name(args[1]), Amount: s.amount(args[2], money.Currency(args[3])),
	}
	txn := ledger.NewTransaction(kind, 7, ident.ID{1}, ident.ID{2}, posting)
	return &txn
}

func (s *script) entries(list []string) *ledger.Transaction {
	s.t.Helper()
	txn := &ledger.Transaction{UserID: 7}
	for _, text := range list {
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		minor, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			s.t.Fatalf("%s: %v", s.where, err)
		}
		key := ledger.Key{Name: ledger.Name(words[0]), Currency: money.Currency(words[1])}
		txn.Entries = append(txn.Entries, ledger.Entry{Account: key, Minor: minor})
	}
	return txn
}

// amount reads major units with all digits of the currency's minor ones.
func (s *script) amount(text string, currency money.Currency) money.Amount {
	s.t.Helper()
	minor, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	a := money.Amount{Minor: minor, Currency: currency}
	if err != nil || a.String() != text+" "+string(currency) {
		s.t.Fatalf("%s: %s is no amount in %s: %v", s.where, text, currency, err)
	}
	return a
}

func (s *script) sum(text string) money.Sum {
	s.t.Helper()
	sum, err := money.ParseSum(text)
	if err != nil {
		s.t.Fatalf("%s: %v", s.where, err)
	}
	return sum
}

func (s *script) total(currency money.Currency) money.Sum {
	s.t.Helper()
	var total money.Sum
	for key, account := range s.accounts {
		if key.Currency != currency {
			continue
		}
		sum, err := total.Plus(account.Balance)
		if err != nil {
			s.t.Fatalf("%s: %v", s.where, err)
		}
		total = sum
	}
	return total
}
