package api

import "github.com/danielgtaylor/huma/v2"

// What the OpenAPI document says of wallets and the ledger.

const (
	tagWallets = "Wallets"
	tagLedger  = "Ledger"

	exampleTransactionID = "txn_0192f3a4b5c67d008123456789abcdef"
)

var exampleWallet = Wallet{
	Object: "wallet", UserID: 42, Balances: []Balance{{Currency: "USD", Available: "5500", Held: "2000"}},
}

var exampleAdjustment = Adjustment{
	ID: exampleTransactionID, Object: "adjustment", UserID: 42, Amount: 5500, Currency: "USD",
	TransactionID: "import-1", Reason: new("Goodwill"), Balance: "5500", CreatedAt: exampleTime,
}

var exampleSettlement = Settlement{
	ID: exampleTransactionID, Object: "settlement", Gateway: "simulated", Reference: "po_2026_01_31", Amount: 98000,
	Fee: 2900, Net: 95100, Currency: "USD", CreatedAt: exampleTime,
}

func exampleHold(status string, captured int64) Hold {
	return Hold{
		ID: "hold_0192f3a4b5c67d008123456789abcdef", Object: "hold", UserID: 42, Amount: 2000, AmountCaptured: captured,
		Currency: "USD", Status: status, Reason: new("Booking 7"), Metadata: map[string]string{},
		ExpiresAt: "2026-02-07T09:30:00.123Z", CreatedAt: exampleTime,
	}
}

var examplePayout = Payout{
	ID: "po_0192f3a4b5c67d008123456789abcdef", Object: "payout", UserID: 42, Amount: 1500, Currency: "USD",
	Status: "pending", Metadata: map[string]string{}, CreatedAt: exampleTime,
}

var exampleAccount = Account{
	ID: "user:42:wallet/USD", Object: "ledger_account", Name: "user:42:wallet", Currency: "USD", Balance: "5500",
}

var exampleLedgerEntry = LedgerEntry{
	ID: "ent_0192f3a4b5c67d008123456789abcdef", Object: "ledger_entry", Account: "user:42:wallet", Currency: "USD",
	Amount: 5500, Seq: new(int64(1)), Balance: new(Integer("5500")), Transaction: exampleTransactionID,
	Kind: "adjustment", Source: new(exampleTransactionID), CreatedAt: exampleTime,
}

var exampleTrial = TrialBalance{
	Object: "trial_balance", Balanced: true, Currencies: []TrialCurrency{{
		Currency: "USD", Debits: "5500", Credits: "5500", Balance: "0", Accounts: []TrialAccount{
			{Name: "adjustments", Debits: "5500", Credits: "0", Balance: "-5500"},
			{Name: "user:*:wallet", Debits: "0", Credits: "5500", Balance: "5500"},
		},
	}},
}

var (
	getWalletDoc = operation{
		id: "getWallet", tag: tagWallets, summary: "Get a user's balances",
		answers: []answer{{status: 200, text: "The wallet.", object: exampleWallet}},
	}
	adjustWalletDoc = operation{
		id: "adjustWallet", tag: tagWallets, summary: "Change a wallet by hand",
		text: "A balance that would fall below zero is refused with 402 insufficient_funds. The transaction_id is unique " +
			"per user for ever: the same amount and currency answers what the first was answered, another is a 422.",
		body: AdjustmentRequest{Amount: 5500, Currency: "USD", TransactionID: "import-1", Reason: "Goodwill"},
		answers: []answer{
			{status: 201, text: "What was booked.", object: exampleAdjustment},
		},
		problems: []int{402},
	}
	createHoldDoc = operation{
		id: "createHold", tag: tagWallets, summary: "Set money aside",
		text: "It cannot be spent until it is captured or released, or until it expires: after 7 days, or when you say, " +
			"within 30 days.",
		body:     HoldRequest{Amount: 2000, Currency: "USD", ExpiresIn: 86400, Reason: "Booking 7"},
		answers:  []answer{{status: 201, text: "The hold, active.", object: exampleHold("active", 0)}},
		problems: []int{402},
	}
	listHoldsDoc = operation{
		id: "listHolds", tag: tagWallets, summary: "List a user's holds", stale: true,
		query: append([]*huma.Param{queryChoice("status", "In this status only.", holdStatuses()...)}, pageParams...),
		answers: []answer{{status: 200, text: "A page of holds, newest first.", object: List[Hold]{
			Object: objectList, Data: []Hold{exampleHold("active", 0)},
		}}},
	}
	getHoldDoc = operation{
		id: "getHold", tag: tagWallets, summary: "Get a hold",
		answers: []answer{{status: 200, text: "The hold.", object: exampleHold("active", 0)}},
	}
	captureHoldDoc = operation{
		id: "captureHold", tag: tagWallets, summary: "Take what is held",
		text: "Once. What is not captured goes back into the wallet.",
		body: CaptureHoldRequest{Amount: 1500}, bodyMay: true,
		answers: []answer{{status: 200, text: "The hold, captured.", object: exampleHold("captured", 1500)}},
	}
	releaseHoldDoc = operation{
		id: "releaseHold", tag: tagWallets, summary: "Give back what is held",
		body: ReleaseHoldRequest{}, bodyMay: true,
		answers: []answer{{status: 200, text: "The hold, released.", object: exampleHold("released", 0)}},
	}
	createPayoutDoc = operation{
		id: "createPayout", tag: tagWallets, summary: "Pay out to the user's bank",
		text: "The money leaves the wallet at once; the payout is pending until a file for the bank takes it along, " +
			"which nothing writes yet.",
		body:     PayoutRequest{UserID: 42, Amount: 1500, Currency: "USD"},
		answers:  []answer{{status: 201, text: "The payout, pending.", object: examplePayout}},
		problems: []int{402},
	}
	createSettlementDoc = operation{
		id: "createSettlement", tag: tagLedger, summary: "Book a gateway's settlement",
		text: "What a gateway has paid out moves from its receivable to the bank, and what it has kept to its fees. The " +
			"reference is unique per gateway for ever: the same amount, fee and currency answers what the first was " +
			"answered, others are a 422.",
		body: SettlementRequest{
			Gateway: "simulated", Reference: "po_2026_01_31", Amount: 98000, Fee: 2900, Currency: "USD",
		},
		answers: []answer{{status: 201, text: "What was booked.", object: exampleSettlement}},
	}
	listPayoutsDoc = operation{
		id: "listPayouts", tag: tagWallets, summary: "List payouts", stale: true,
		query: append([]*huma.Param{
			queryInteger("user_id", "Of this user only."),
			queryChoice("status", "In this status only.", "pending"),
		}, pageParams...),
		answers: []answer{{status: 200, text: "A page of payouts, newest first.", object: List[Payout]{
			Object: objectList, Data: []Payout{examplePayout},
		}}},
	}
	getPayoutDoc = operation{
		id: "getPayout", tag: tagWallets, summary: "Get a payout",
		answers: []answer{{status: 200, text: "The payout.", object: examplePayout}},
	}
)

var ofCurrency = required(queryText("currency", "Which of the accounts of that name."), "USD")

var (
	listAccountsDoc = operation{
		id: "listLedgerAccounts", tag: tagLedger, summary: "List accounts", stale: true,
		text: "Those that have entries, by name and currency, the shards' together.",
		query: []*huma.Param{
			queryText("prefix", "Whose names begin with this."),
			queryInteger("user_id", "Of this user only."),
			queryText("currency", "In this currency only."),
			pageParams[0],
			queryText("starting_after", "The id of the last account of the page before."),
		},
		answers: []answer{{status: 200, text: "A page of accounts.", object: List[Account]{
			Object: objectList, Data: []Account{exampleAccount},
		}}},
	}
	getAccountDoc = operation{
		id: "getLedgerAccount", tag: tagLedger, summary: "Get an account's balance", stale: true,
		query: []*huma.Param{
			ofCurrency,
			queryTime("at", "As it was then; as it is now when it is left out."),
		},
		answers: []answer{{status: 200, text: "The account, the shards' together.", object: exampleAccount}},
	}
	listEntriesDoc = operation{
		id: "listLedgerEntries", tag: tagLedger, summary: "List an account's entries", stale: true,
		text:  "Newest first: a user's account by its seq, any other by the entries' ids.",
		query: append([]*huma.Param{ofCurrency}, pageParams...),
		answers: []answer{{status: 200, text: "A page of entries.", object: List[LedgerEntry]{
			Object: objectList, Data: []LedgerEntry{exampleLedgerEntry},
		}}},
	}
	trialBalanceDoc = operation{
		id: "getTrialBalance", tag: tagLedger, summary: "Get the trial balance",
		text: "Every account's balance, the shards' together, each shard as it is at one moment. What is on the side of " +
			"debits is as much as on the side of credits, in every currency.",
		answers: []answer{{status: 200, text: "The trial balance.", object: exampleTrial}},
	}
)
