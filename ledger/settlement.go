package ledger

import (
	"florin/ident"
	"florin/money"
	"florin/problem"
)

// RecordSettlement is the command that books what a gateway has paid out to us.
type RecordSettlement struct {
	ID      ident.ID // of the transaction
	Gateway string
	// Reference is the gateway's name for it, unique per gateway for ever.
	Reference string
	// Amount is what the gateway settles, its fee included; above 0.
	Amount money.Amount
	// FeeMinor is what it has kept, 0 to Amount, in minor units.
	FeeMinor int64
}

// Settlement is what became of it. It is never changed: its transaction is all
// there is of it, and has its id. No user's command wrote that, so that it is user
// 0's and stands on shard 0.
type Settlement struct{ RecordSettlement }

// NetMinor is what has come to the bank, in minor units.
func (s Settlement) NetMinor() int64 { return s.Amount.Minor - s.FeeMinor }

// DecideSettlement moves a settlement from the gateway's receivable to the bank,
// and its fee to the gateway's fees.
func DecideSettlement(c RecordSettlement) (Settlement, Transaction, error) {
	most := c.Amount.Currency.MaxMinor()
	switch {
	case c.Amount.Minor <= 0 || c.Amount.Minor > most:
		return Settlement{}, Transaction{}, problem.Invalid("amount", "must be 1 to %d", most)
	case c.FeeMinor < 0 || c.FeeMinor > c.Amount.Minor:
		return Settlement{}, Transaction{}, problem.Invalid("fee", "must be 0 to the amount")
	}
	s := Settlement{c}
	t := NewTransaction(KindSettlement, 0, c.ID, ident.ID{}, s.postings()...)
	t.ID = c.ID
	return s, t, nil
}

func (s Settlement) postings() (postings []Posting) {
	for _, side := range []struct {
		to    Name
		minor int64
	}{{Bank, s.NetMinor()}, {Fees(s.Gateway), s.FeeMinor}} {
		if side.minor > 0 {
			postings = append(postings, Posting{
				Debit: side.to, Credit: Receivable(s.Gateway),
				Amount: money.Amount{Minor: side.minor, Currency: s.Amount.Currency},
			})
		}
	}
	return postings
}
