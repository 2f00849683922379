package ledger

import (
	"cmp"
	"slices"

	"florin/money"
)

// TrialBalance adds up accounts: what they owe and are owed is alike, in every
// currency. The zero value has none.
type TrialBalance struct {
	lines map[Key]*TrialLine
}

// TrialLine is one account of a trial balance, its shards and slots together.
// Debits is the sum of those balances that are debits, 0 or below; Credits of
// those that are credits.
type TrialLine struct {
	Name            Name
	Currency        money.Currency
	Debits, Credits money.Sum
	Balance         money.Sum
}

// Add takes an account into the balance, or returns money.ErrOverflow.
func (b *TrialBalance) Add(a Account) error {
	key := Key{Name: a.Name.Control(), Currency: a.Currency}
	line := b.lines[key]
	if line == nil {
		if b.lines == nil {
			b.lines = map[Key]*TrialLine{}
		}
		line = &TrialLine{Name: key.Name, Currency: key.Currency}
		b.lines[key] = line
	}
	side := &line.Credits
	if a.Balance.Negative() {
		side = &line.Debits
	}
	sum, err := side.Plus(a.Balance)
	if err != nil {
		return err
	}
	*side = sum
	line.Balance, err = line.Balance.Plus(a.Balance)
	return err
}

// Lines lists the accounts by currency and name.
func (b *TrialBalance) Lines() []TrialLine {
	lines := make([]TrialLine, 0, len(b.lines))
	for _, line := range b.lines {
		lines = append(lines, *line)
	}
	slices.SortFunc(lines, func(a, b TrialLine) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Name, b.Name))
	})
	return lines
}
