package flow_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"florin/audit"
	"florin/flow"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/loop"
	"florin/ledger"
	"florin/money"
	"florin/payment"
)

// payer is the user of the posting table; its wallet has plenty from the start.
const payer = 7

// table is a world in which rows of the posting table are made to happen, with
// amounts of one currency.
type table struct {
	*testing.T
	*world
	currency money.Currency
}

func (b table) amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: b.currency}
}

// charge makes a payment of 1000 minor units that succeeds.
func (b table) charge(method string, purpose payment.Purpose) payment.Payment {
	b.Helper()
	r := authorize(payer, method)
	r.Amount, r.Purpose = b.amount(1000), purpose
	return b.stored(b, b.pay(b, r, payment.Succeeded).ID)
}

// refund gives 300 minor units of a payment back.
func (b table) refund(p payment.Payment, to payment.Destination) ident.ID {
	b.Helper()
	r, err := b.flow.Refund(b.Context(), flow.Refund{Payment: p.ID, Minor: 300, To: to})
	if err != nil {
		b.Fatal(err)
	}
	return r.Refund.ID
}

func (b table) end(id ident.ID, capture bool, minor int64) ident.ID {
	b.Helper()
	_, _, err := b.flow.EndHold(b.Context(), flow.EndHold{UserID: payer, Hold: id, Capture: capture, Minor: minor})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

func (b table) place() ident.ID {
	return b.hold(b, flow.PlaceHold{UserID: payer, Amount: b.amount(400), ExpiresIn: time.Hour}).ID
}

// postingRows is the posting table: what is done returns what its transactions
// book. Each transaction is a line, its kind and then account and amount, credits
// positive, in the order of the entries. USER is the user's accounts.
var postingRows = []struct {
	name string
	do   func(b table) ident.ID
	want string
}{
	{"card payment captured", func(b table) ident.ID {
		return b.charge("pm_card_visa", payment.Sale).Captures[0].ID
	}, "capture: gateway:first:receivable -1000, sales +1000"},
	{"wallet top-up by card", func(b table) ident.ID {
		return b.charge("pm_card_visa", payment.WalletTopUp).Captures[0].ID
	}, "capture: gateway:first:receivable -1000, USER:wallet +1000"},
	{"payment from the wallet", func(b table) ident.ID {
		return b.charge(payment.Wallet, payment.Sale).Captures[0].ID
	}, "capture: USER:wallet -1000, sales +1000"},
	{"hold placed", table.place, "hold_placed: USER:wallet -400, USER:held +400"},
	{
		"hold released", func(b table) ident.ID { return b.end(b.place(), false, 0) },
		"hold_placed: USER:wallet -400, USER:held +400\nhold_released: USER:held -400, USER:wallet +400",
	},
	{"hold expired", func(b table) ident.ID {
		id := b.place()
		b.clock.Advance(time.Hour)
		b.expireDue(b)
		return id
	}, "hold_placed: USER:wallet -400, USER:held +400\nhold_released: USER:held -400, USER:wallet +400"},
	{
		"hold captured", func(b table) ident.ID { return b.end(b.place(), true, 0) },
		"hold_placed: USER:wallet -400, USER:held +400\nhold_captured: USER:held -400, sales +400",
	},
	{
		"hold captured in part", func(b table) ident.ID { return b.end(b.place(), true, 150) },
		"hold_placed: USER:wallet -400, USER:held +400\n" +
			"hold_captured: USER:held -150, sales +150, USER:held -250, USER:wallet +250",
	},
	{"refund to the card", func(b table) ident.ID {
		return b.refund(b.charge("pm_card_visa", payment.Sale), payment.ToCard)
	}, "refund: sales -300, gateway:first:receivable +300"},
	{"refund to the wallet", func(b table) ident.ID {
		return b.refund(b.charge("pm_card_visa", payment.Sale), payment.ToWallet)
	}, "refund: sales -300, USER:wallet +300"},
	{"refund of a payment from the wallet", func(b table) ident.ID {
		return b.refund(b.charge(payment.Wallet, payment.Sale), "")
	}, "refund: sales -300, USER:wallet +300"},
	{
		"refund of a top-up", func(b table) ident.ID { return b.refund(b.charge("pm_card_visa", payment.WalletTopUp), "") },
		"refund_reserved: USER:wallet -300, USER:held +300\n" +
			"refund: USER:held -300, USER:wallet +300, USER:wallet -300, gateway:first:receivable +300",
	},
	{
		"refund of a top-up that the gateway refuses", func(b table) ident.ID {
			p := b.charge("pm_card_visa", payment.WalletTopUp)
			b.set(b, 0, simulated.Settings{DeclineRate: 1})
			return b.refund(p, "")
		},
		"refund_reserved: USER:wallet -300, USER:held +300\nrefund_released: USER:held -300, USER:wallet +300",
	},
	{
		"adjustment up", func(b table) ident.ID { return b.give(b, payer, b.amount(5)).ID },
		"adjustment: adjustments -5, USER:wallet +5",
	},
	{
		"adjustment down", func(b table) ident.ID { return b.give(b, payer, b.amount(-5)).ID },
		"adjustment: USER:wallet -5, adjustments +5",
	},
	{
		"settlement with fee", func(b table) ident.ID { return b.settle(1000, 30) },
		"settlement: bank -970, gateway:first:receivable +970, fees:first -30, gateway:first:receivable +30",
	},
	{
		"settlement without fee", func(b table) ident.ID { return b.settle(1000, 0) },
		"settlement: bank -1000, gateway:first:receivable +1000",
	},
	{"payout", func(b table) ident.ID {
		p, _, err := b.flow.PayOut(b.Context(), flow.PayOut{UserID: payer, Amount: b.amount(500)})
		if err != nil {
			b.Fatal(err)
		}
		return p.ID
	}, "payout: USER:wallet -500, payouts +500"},
	{
		"refund that failed later", func(b table) ident.ID {
			id := b.refund(b.charge("pm_card_refundFail", payment.Sale), payment.ToCard)
			b.clock.Advance(2 * time.Second)
			return id
		},
		"refund: sales -300, gateway:first:receivable +300\nrefund_failed: gateway:first:receivable -300, sales +300",
	},
	{
		"refund of a top-up that failed later", func(b table) ident.ID {
			id := b.refund(b.charge("pm_card_refundFail", payment.WalletTopUp), payment.ToCard)
			b.clock.Advance(2 * time.Second)
			return id
		},
		"refund_reserved: USER:wallet -300, USER:held +300\n" +
			"refund: USER:held -300, USER:wallet +300, USER:wallet -300, gateway:first:receivable +300\n" +
			"refund_failed: gateway:first:receivable -300, USER:wallet +300",
	},
	{
		"dispute opened", func(b table) ident.ID { return b.dispute(payment.Sale, "") },
		"dispute_opened: disputes -1000, gateway:first:receivable +1000",
	},
	{
		"dispute won", func(b table) ident.ID { return b.dispute(payment.Sale, "winning_evidence") },
		"dispute_opened: disputes -1000, gateway:first:receivable +1000\n" +
			"dispute_won: gateway:first:receivable -1000, disputes +1000",
	},
	{
		"dispute lost", func(b table) ident.ID { return b.dispute(payment.Sale, "losing_evidence") },
		"dispute_opened: disputes -1000, gateway:first:receivable +1000\ndispute_lost: losses -1000, disputes +1000",
	},
	{
		"dispute of a top-up", func(b table) ident.ID { return b.dispute(payment.WalletTopUp, "losing_evidence") },
		"dispute_opened: USER:wallet -1000, gateway:first:receivable +1000",
	},
	{
		"dispute of a top-up that is partly spent", func(b table) ident.ID {
			r := authorize(spender, "pm_card_createDispute")
			r.Amount, r.Purpose = b.amount(1000), payment.WalletTopUp
			p := b.pay(b, r, payment.Succeeded)
			b.give(b, spender, b.amount(-900))
			b.clock.Advance(2 * time.Second)
			return b.stored(b, p.ID).Disputes[0].ID
		},
		"dispute_opened: user:15:wallet -100, gateway:first:receivable +100, losses -900, gateway:first:receivable +900",
	},
	{
		"transfer, same shard", func(b table) ident.ID { return b.send(payer + 4) },
		"transfer: USER:wallet -70, user:11:wallet +70",
	},
	{
		"transfer, other shard", func(b table) ident.ID { return b.send(payer + 1) },
		"transfer_out: USER:wallet -70, transfers +70\ntransfer_in: transfers -70, user:8:wallet +70",
	},
}

// spender spends what they have, on the payer's shard.
const spender = payer + 8

// dispute makes a payment that is disputed, and hands evidence in, if any.
func (b table) dispute(purpose payment.Purpose, evidence string) ident.ID {
	b.Helper()
	p := b.charge("pm_card_createDispute", purpose)
	b.clock.Advance(2 * time.Second)
	id := b.stored(b, p.ID).Disputes[0].ID
	if evidence != "" && purpose != payment.WalletTopUp {
		if _, err := b.flow.SubmitEvidence(b.Context(), flow.Evidence{Dispute: id, Text: evidence}); err != nil {
			b.Fatal(err)
		}
		b.clock.Advance(2 * time.Second)
	}
	return id
}

// settle books what the first gateway has paid out.
func (b table) settle(minor, fee int64) ident.ID {
	b.Helper()
	reference := fmt.Sprintf("%d less %d", minor, fee)
	s, replayed, err := b.flow.RecordSettlement(b.Context(), flow.RecordSettlement{
		Gateway: "first", Reference: reference, Amount: b.amount(minor), FeeMinor: fee,
	})
	if err != nil || replayed {
		b.Fatal(replayed, err)
	}
	return s.ID
}

// send transfers 70 minor units.
func (b table) send(to int64) ident.ID {
	b.Helper()
	r, err := b.flow.Transfer(b.Context(), flow.Transfer{FromUserID: payer, ToUserID: to, Amount: b.amount(70)})
	if err != nil {
		b.Fatal(err)
	}
	return r.Transfer.ID
}

// refused transfers to a wallet that has no room for it.
func (b table) refused() ident.ID {
	b.Helper()
	full := fundCommand{userID: payer + 2, amount: b.amount(math.MaxInt64 - 50), id: b.ids.New(payer + 2)}
	if err := b.commit.Do(ident.Shard(payer+2, b.store.Shards()), true, full); err != nil {
		b.Fatal(err)
	}
	return b.send(payer + 2)
}

// TestPostingTable makes every row of the posting table happen in currencies of
// every exponent, holds its entries against the table, and audits the books.
func TestPostingTable(t *testing.T) {
	t.Parallel()
	for _, currency := range []money.Currency{"USD", "JPY", "KWD", "CLF"} {
		t.Run(string(currency), func(t *testing.T) {
			t.Parallel()
			b := table{t, newWorld(t), currency}
			b.give(t, payer, b.amount(1_000_000))
			for _, row := range postingRows {
				b.set(t, 0, simulated.Settings{})
				object := row.do(b)
				want := strings.ReplaceAll(row.want, "USER", "user:"+strconv.Itoa(payer))
				if got := b.posted(object); got != want {
					t.Errorf("%s: the ledger has\n%s\nwant\n%s", row.name, got, want)
				}
			}
			b.balanced(t)
			const want = "transfer_out: user:7:wallet -70, transfers +70\ntransfer_return: transfers -70, user:7:wallet +70"
			if got := b.posted(b.refused()); got != want { // after the audit: no wallet is filled like that
				t.Errorf("transfer that is refused: the ledger has\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// posted writes the transactions of an object as the table does, those of its
// own shard first.
func (b table) posted(object ident.ID) string {
	b.Helper()
	var lines []string
	own := object.Shard(b.store.Shards())
	for i := range b.store.Shards() {
		lines = append(lines, b.postedOn((own+i)%b.store.Shards(), object)...)
	}
	return strings.Join(lines, "\n")
}

func (b table) postedOn(shard int, object ident.ID) (lines []string) {
	b.Helper()
	snapshot, err := b.store.Snapshot(b.Context(), shard)
	if err != nil {
		b.Fatal(err)
	}
	err = snapshot.Transactions(b.Context(), func(t ledger.Transaction) error {
		if t.Object != object {
			return nil
		}
		var entries []string
		for _, e := range t.Entries {
			if e.Account.Currency != b.currency {
				b.Errorf("an entry is in %s", e.Account.Currency)
			}
			entries = append(entries, fmt.Sprintf("%s %+d", e.Account.Name, e.Minor))
		}
		lines = append(lines, string(t.Kind)+": "+strings.Join(entries, ", "))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := snapshot.Close(); err != nil {
		b.Fatal(err)
	}
	return lines
}

// balanced checks that the books are right.
func (w *world) balanced(t testing.TB) {
	t.Helper()
	report, err := audit.Run(t.Context(), audit.Config{Store: w.store, Clock: w.clock, Each: loop.Each})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK {
		t.Errorf("the books are wrong: %+v", report)
	}
	lines, err := w.flow.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums := map[money.Currency]money.Sum{}
	for _, line := range lines {
		if sums[line.Currency], err = sums[line.Currency].Plus(line.Balance); err != nil {
			t.Fatal(err)
		}
	}
	for currency, sum := range sums {
		if !sum.IsZero() {
			t.Errorf("the trial balance in %s is %s", currency, sum)
		}
	}
	if !slices.ContainsFunc(lines, func(l ledger.TrialLine) bool { return l.Name == "user:*:wallet" }) {
		t.Error("the trial balance has no wallets")
	}
}
