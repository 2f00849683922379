// Package store is the port to what must be durable. A store has shards; each
// takes one Tx at a time from its committer: claim, load, write, commit. All
// else is reading.
package store

import (
	"context"
	"errors"
	"time"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/vault"
	"florin/wallet"
)

// Errors of a store, translated by each engine from its driver's codes.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict: a serialization failure or a deadlock; the same Tx may be
	// tried again.
	ErrConflict = errors.New("store: conflict")
	// ErrUnavailable: the shard cannot be reached, its disk is full, or it does
	// not answer in time. Nothing was committed.
	ErrUnavailable = errors.New("store: unavailable")
	// ErrRefused: the engine refuses a row (a constraint); trying again is vain.
	ErrRefused = errors.New("store: refused")
	// ErrCommitUnknown: it is not known whether the Tx was committed; ask
	// Committed.
	ErrCommitUnknown = errors.New("store: commit unknown")
)

// Change is one row to write.
type Change[T any] = payment.Change[T]

// Store is one store with all its shards.
type Store interface {
	Reader
	// Shards returns the number of shards, a power of two.
	Shards() int
	// Begin opens the writing Tx of a shard.
	Begin(ctx context.Context, shard int) (Tx, error)
	// Committed tells whether the Tx that wrote Changes.Group was committed. It
	// asks on a connection of its own. Once a Commit has answered ErrCommitUnknown
	// what Committed says of it is final.
	Committed(ctx context.Context, shard int, group ident.ID) (bool, error)
	// Close ends all connections. No call may be under way.
	Close() error
}

// Tx is a writing transaction on one shard. Its methods are called in the order
// Claim, Load, Write, Commit, each at most once; Rollback ends it anywhere, and
// does nothing after Commit. Only one goroutine uses it.
type Tx interface {
	// Slot returns the slot of system accounts that this Tx may write.
	Slot() int
	// Claim claims unique keys. For every claim whose key is taken already it
	// returns the claim that holds it, at the same index; a nil entry is a claim
	// won. Claims of one call have distinct keys. A claim that was won is
	// written with the Tx, unless Changes.Released has it.
	Claim(ctx context.Context, claims []Claim) ([]*Claim, error)
	// Load reads, and locks until the end, what keys name. What does not exist
	// is missing from the State, except accounts, which are made.
	Load(ctx context.Context, keys Keys) (State, error)
	// Write writes the changes. Rows that the engine refuses are ErrRefused; an
	// engine that sends them with the commit says so there. The changes stay as
	// they are until the Tx has ended, and are not kept beyond it.
	Write(ctx context.Context, changes *Changes) error
	// Commit makes it durable. An error is ErrConflict, ErrUnavailable, ErrRefused
	// (surely not committed) or ErrCommitUnknown.
	Commit(ctx context.Context) error
	Rollback()
}

// OneTrip is a Tx to which a question is a round trip: it claims and loads with one,
// as Claim and then Load do.
type OneTrip interface {
	ClaimAndLoad(ctx context.Context, claims []Claim, keys Keys) ([]*Claim, State, error)
}

// Claim is a unique key, and what was made under it: the record of an
// idempotent request.
type Claim struct {
	// Hash is a 64-bit hash of scope, user and key; the engine finds by it and
	// compares the three in full.
	Hash   int64
	Scope  string // what kind of request: its path
	UserID int64
	Key    string
	// Digest recognises the same body.
	Digest [16]byte
	// Kind and Object say what the request made or acts on.
	Kind   ident.Kind
	Object ident.ID
	At     time.Time // milliseconds count
	// Answer is what the first request was answered, as its flow wrote it; nil
	// while it is open, and where the object itself tells.
	Answer []byte
}

// Same tells whether two claims are of one key.
func (c Claim) Same(o Claim) bool {
	return c.Hash == o.Hash && c.UserID == o.UserID && c.Key == o.Key && c.Scope == o.Scope
}

// Keys names what a Tx reads and locks.
type Keys struct {
	Payments []ident.ID // with their attempts, captures, refunds and disputes
	Methods  []ident.ID
	Accounts []ledger.Key
	APIKeys  []ident.ID
	// Transfers are the sender's; Received those that the shard got from another.
	Transfers []ident.ID
	Received  []ident.ID
	Batches   []ident.ID // without their items
	Holds     []ident.ID
}

// State is what was loaded.
type State struct {
	Payments map[ident.ID]payment.Payment
	Methods  map[ident.ID]vault.PaymentMethod
	Accounts map[ledger.Key]ledger.Account
	APIKeys  map[ident.ID]access.APIKey

	Transfers map[ident.ID]wallet.Transfer
	Received  map[ident.ID]wallet.Transfer
	Batches   map[ident.ID]payment.Batch
	Holds     map[ident.ID]wallet.Hold
}

// Changes is what a Tx writes. Every list names a row once at most.
type Changes struct {
	// Group identifies the Tx for Committed.
	Group ident.ID
	// Released are claims won in this Tx that must not stay.
	Released []Claim
	// Answered are claims, of this Tx or an earlier one, whose Answer is set.
	Answered []Claim

	Payments     []Change[payment.Payment] // the payments' own rows
	Attempts     []Change[payment.Attempt]
	Captures     []Change[payment.Capture]
	Refunds      []Change[payment.Refund]
	Disputes     []Change[payment.Dispute]
	Methods      []Change[vault.PaymentMethod]
	APIKeys      []Change[access.APIKey]
	Transfers    []Change[wallet.Transfer]
	Received     []wallet.Transfer // from other shards; always new, each id once for ever
	Batches      []Change[payment.Batch]
	BatchItems   []Change[payment.BatchItem]
	Holds        []Change[wallet.Hold]
	Payouts      []Change[wallet.Payout]
	Transactions []ledger.Transaction // always new
	Accounts     []ledger.Account     // always loaded before
	Events       []event.Event        // in order; the engine gives positions
}

// Reader reads what is committed, apart from the writer and never waiting for
// it. Each call names or implies one shard; an id leads to its own.
type Reader interface {
	WalletReader
	// Payment returns a payment with its children, or ErrNotFound.
	Payment(ctx context.Context, id ident.ID) (payment.Payment, error)
	// Payments lists a shard's payments, newest first, without children.
	Payments(ctx context.Context, shard int, q PaymentQuery) ([]payment.Payment, error)
	// PaymentOf returns the id of the payment that an operation (an attempt, a
	// capture, a refund or a reversal) belongs to, or ErrNotFound.
	PaymentOf(ctx context.Context, operation ident.ID) (ident.ID, error)
	// Refund returns a refund, or ErrNotFound.
	Refund(ctx context.Context, id ident.ID) (payment.Refund, error)
	// Refunds lists a shard's refunds, newest first.
	Refunds(ctx context.Context, shard int, q RefundQuery) ([]payment.Refund, error)
	// Transfer returns a transfer, from the sender's shard, or ErrNotFound.
	Transfer(ctx context.Context, id ident.ID) (wallet.Transfer, error)
	// ReceivedTransfer returns what a shard decided about a transfer from another
	// shard, or ErrNotFound.
	ReceivedTransfer(ctx context.Context, shard int, id ident.ID) (wallet.Transfer, error)
	// Transfers lists a shard's transfers, newest first: those sent from it, and
	// of a user those received there from other shards too.
	Transfers(ctx context.Context, shard int, q TransferQuery) ([]wallet.Transfer, error)
	// PendingTransfers lists the pending transfers of a shard's senders that were
	// made after one and before a moment, oldest first.
	PendingTransfers(
		ctx context.Context, shard int, after ident.ID, before time.Time, limit int,
	) ([]wallet.Transfer, error)
	// Dispute returns a dispute, or ErrNotFound.
	Dispute(ctx context.Context, id ident.ID) (payment.Dispute, error)
	// Disputes lists a shard's disputes, newest first.
	Disputes(ctx context.Context, shard int, q DisputeQuery) ([]payment.Dispute, error)
	// Method returns a payment method, deleted or not, or ErrNotFound.
	Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error)
	// FindMethods returns those of a shard's payment methods that are there, deleted
	// or not, in any order.
	FindMethods(ctx context.Context, shard int, ids []ident.ID) ([]vault.PaymentMethod, error)
	// Methods lists a user's payment methods that are not deleted, newest first.
	Methods(ctx context.Context, userID int64, page Page) ([]vault.PaymentMethod, error)
	// Batch returns a batch without its items, or ErrNotFound.
	Batch(ctx context.Context, id ident.ID) (payment.Batch, error)
	// BatchItems lists a batch's items, in their order.
	BatchItems(ctx context.Context, batch ident.ID, q BatchItemQuery) ([]payment.BatchItem, error)
	// DueBatches lists the batches that are to be worked on at now, the longest
	// waiting first.
	DueBatches(ctx context.Context, shard int, now time.Time, limit int) ([]payment.Batch, error)
	// FindClaim returns the claim that holds the key of c, or ErrNotFound.
	FindClaim(ctx context.Context, shard int, c Claim) (Claim, error)
	// FindClaims returns for each of claims the one that holds its key, or nil.
	FindClaims(ctx context.Context, shard int, claims []Claim) ([]*Claim, error)
	// Due lists the open operations whose inquiry is due at now, the longest
	// waiting first.
	Due(ctx context.Context, shard int, now time.Time, limit int) ([]Due, error)
	// Expiring lists the attempts whose authorization has expired at now, the
	// longest waiting first.
	Expiring(ctx context.Context, shard int, now time.Time, limit int) ([]Due, error)
	// OpenCount counts a shard's open operations: attempts (reversals too),
	// captures, refunds, evidence, and the transfers of its senders.
	OpenCount(ctx context.Context, shard int) (int64, error)
	// Events lists a shard's events behind a position, oldest first.
	Events(ctx context.Context, shard int, after event.Position, limit int) ([]event.Stored, error)
	// EventsOf lists an object's events, by version.
	EventsOf(ctx context.Context, object ident.ID) ([]event.Stored, error)
	// LatestEvents lists a shard's newest events, newest first.
	LatestEvents(ctx context.Context, shard, limit int) ([]event.Stored, error)
	// Reports counts a shard's payments and refunds, by day, gateway and currency; in
	// any order. What it tells may be some seconds old.
	Reports(ctx context.Context, shard int, q ReportQuery) ([]ReportRow, error)
	// APIKeys lists all keys, revoked ones too. They live on shard 0.
	APIKeys(ctx context.Context) ([]access.APIKey, error)
	// FindKeyset returns a sealed keyset of the vault, and whether there is one.
	FindKeyset(ctx context.Context, name string) (sealed []byte, found bool, err error)
	// ClaimKeyset stores a sealed keyset unless there is one of that name, and
	// returns the one that is there, durable.
	ClaimKeyset(ctx context.Context, name string, sealed []byte) ([]byte, error)
	// Snapshot opens a consistent view of a whole shard.
	Snapshot(ctx context.Context, shard int) (Snapshot, error)
	// Ping asks whether a shard answers.
	Ping(ctx context.Context, shard int) error
	// LastHigh returns the greatest High of any id stored, for ident.Source.
	LastHigh(ctx context.Context) (int64, error)
}

// Page is a part of a list that is ordered newest first.
type Page struct {
	Limit  int      // 1 or more
	After  ident.ID // only older ones than this; zero: from the newest
	Before ident.ID // only newer ones than this, the nearest; zero: none
}

// PaymentQuery filters payments; zero values do not filter.
type PaymentQuery struct {
	Page
	UserID                 int64
	Status                 payment.Status
	Currency               string
	CreatedGTE, CreatedLT  time.Time
	AmountGTE, AmountLTE   int64 // minor units
	MetadataKey, MetaValue string
}

// RefundQuery filters refunds; zero values do not filter.
type RefundQuery struct {
	Page
	UserID                int64
	Payment               ident.ID
	Status                payment.OperationStatus
	Currency              string
	CreatedGTE, CreatedLT time.Time
	AmountGTE, AmountLTE  int64 // minor units
}

// BatchItemQuery asks for some of a batch's items.
type BatchItemQuery struct {
	From  int // the first index
	Limit int
	Open  bool // only those that are not answered yet
}

// TransferQuery filters transfers; zero values do not filter.
type TransferQuery struct {
	Page
	UserID int64 // on either side
	Status wallet.TransferStatus
}

// DisputeQuery filters disputes; zero values do not filter.
type DisputeQuery struct {
	Page
	UserID  int64
	Payment ident.ID
	Status  payment.DisputeStatus
}

// Due is an open operation to ask about.
type Due struct {
	Payment ident.ID
	// Operation is an attempt, a capture or a refund; a reversal goes by its
	// attempt, evidence by its dispute.
	Operation ident.ID
	Kind      ident.Kind
	At        time.Time
}

// Snapshot is one shard at one moment. Each method visits every row, in
// ascending order of ids (accounts: of names; events: of positions), and stops
// at the visitor's first error, which it returns. Rows whose parent is missing
// come under a payment, or at the end under a transaction, that has nothing but
// its id.
type Snapshot interface {
	Payments(ctx context.Context, visit func(payment.Payment) error) error // with children
	Methods(ctx context.Context, visit func(vault.PaymentMethod) error) error
	Transfers(ctx context.Context, visit func(wallet.Transfer) error) error // of the shard's senders
	Received(ctx context.Context, visit func(wallet.Transfer) error) error  // from other shards
	Batches(ctx context.Context, visit func(payment.Batch) error) error     // without items
	// BatchItems visits every item of every batch, those of one together and in
	// their order, whether their batch is there or not.
	BatchItems(ctx context.Context, visit func(payment.BatchItem) error) error
	Transactions(ctx context.Context, visit func(ledger.Transaction) error) error
	Accounts(ctx context.Context, visit func(ledger.Account) error) error
	Events(ctx context.Context, visit func(event.Stored) error) error
	// Claims visits every claim, in any order.
	Claims(ctx context.Context, visit func(Claim) error) error
	Holds(ctx context.Context, visit func(wallet.Hold) error) error
	Payouts(ctx context.Context, visit func(wallet.Payout) error) error
	// Checkpoints visits what closed months have left, in any order; nothing where
	// none was closed.
	Checkpoints(ctx context.Context, visit func(Checkpoint) error) error
	Close() error
}
