package audit

import (
	"fmt"
	"sync"
	"time"

	"florin/ident"
)

// maxRows is how many broken rows of an invariant are told.
const maxRows = 20

// Report is what an audit found.
type Report struct {
	OK         bool     `json:"ok"`
	Invariants []Result `json:"invariants"`
	Totals     Totals   `json:"totals"`
	Open       Open     `json:"open"`
	// Rechecked is how many operations did not agree with a journal at first.
	Rechecked int64         `json:"rechecked"`
	Took      time.Duration `json:"-"`
	TookMS    int64         `json:"took_ms"`
}

// Result is one invariant's outcome.
type Result struct {
	Number  int    `json:"number,omitempty"` // in the design
	Name    string `json:"name"`
	Text    string `json:"text"`
	Checked int64  `json:"checked"`
	Broken  int64  `json:"broken"`
	// Rows are the first broken ones.
	Rows []Row `json:"rows,omitempty"`
}

// Row is a row that breaks an invariant, and how.
type Row struct {
	ID   string `json:"id"`
	What string `json:"what"`
}

// Totals are the rows that were read.
type Totals struct {
	Payments          int64 `json:"payments"`
	Attempts          int64 `json:"attempts"`
	Captures          int64 `json:"captures"`
	Refunds           int64 `json:"refunds"`
	Disputes          int64 `json:"disputes"`
	Methods           int64 `json:"payment_methods"`
	Transfers         int64 `json:"transfers"`
	Transactions      int64 `json:"transactions"`
	Entries           int64 `json:"entries"`
	Accounts          int64 `json:"accounts"`
	Events            int64 `json:"events"`
	Claims            int64 `json:"claims"`
	JournalOperations int64 `json:"journal_operations"`
	Acknowledgements  int64 `json:"acknowledgements"`
}

// Open are the operations whose outcome is not known yet.
type Open struct {
	Attempts  int64 `json:"attempts"`
	Captures  int64 `json:"captures"`
	Refunds   int64 `json:"refunds"`
	Reversals int64 `json:"reversals"`
	Transfers int64 `json:"transfers"`
}

// tally gathers what one part of an audit finds. It is not safe for concurrent
// use; parts are added up in the end.
type tally struct {
	checked [count]int64
	broken  [count]int64
	rows    [count][]Row
	totals  Totals
	open    Open
}

// check counts a row that is held against an invariant.
func (t *tally) check(i Invariant) { t.checked[i]++ }

// fail names a row that breaks it.
func (t *tally) fail(i Invariant, kind ident.Kind, id ident.ID, what string, args ...any) {
	t.failNamed(i, id.Text(kind), what, args...)
}

// failNamed does the same for a row that has no id.
func (t *tally) failNamed(i Invariant, name, what string, args ...any) {
	t.broken[i]++
	if len(t.rows[i]) < maxRows {
		t.rows[i] = append(t.rows[i], Row{ID: name, What: fmt.Sprintf(what, args...)})
	}
}

// sum is the tallies of all parts.
type sum struct {
	mu sync.Mutex
	tally
}

func (s *sum) add(t *tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range count {
		s.checked[i] += t.checked[i]
		s.broken[i] += t.broken[i]
		s.rows[i] = append(s.rows[i], t.rows[i]...)
		s.rows[i] = s.rows[i][:min(len(s.rows[i]), maxRows)]
	}
	a, b := &s.totals, t.totals
	a.Payments += b.Payments
	a.Attempts += b.Attempts
	a.Captures += b.Captures
	a.Refunds += b.Refunds
	a.Disputes += b.Disputes
	a.Methods += b.Methods
	a.Transfers += b.Transfers
	a.Transactions += b.Transactions
	a.Entries += b.Entries
	a.Accounts += b.Accounts
	a.Events += b.Events
	a.Claims += b.Claims
	a.JournalOperations += b.JournalOperations
	a.Acknowledgements += b.Acknowledgements
	s.open.Attempts += t.open.Attempts
	s.open.Captures += t.open.Captures
	s.open.Refunds += t.open.Refunds
	s.open.Reversals += t.open.Reversals
	s.open.Transfers += t.open.Transfers
}

func (s *sum) report() Report {
	r := Report{OK: true, Totals: s.totals, Open: s.open}
	for i, v := range invariants {
		r.OK = r.OK && s.broken[i] == 0
		r.Invariants = append(r.Invariants, Result{
			Number: v.number, Name: v.name, Text: v.text,
			Checked: s.checked[i], Broken: s.broken[i], Rows: s.rows[i],
		})
	}
	return r
}
