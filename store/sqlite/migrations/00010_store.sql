-- Ids are two integers: id is High (60 bits, ascending, so that tables grow at
-- their end), *_low the rest. Times are milliseconds since 1970, 0 for none.
-- Amounts are minor units. {{.Shard}} and {{.Shards}} are this file's place.

CREATE TABLE meta (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	store      TEXT NOT NULL,
	shard      INTEGER NOT NULL,
	shards     INTEGER NOT NULL,
	mode       TEXT NOT NULL
) STRICT;

CREATE TABLE payments (
	id               INTEGER PRIMARY KEY,
	id_low           INTEGER NOT NULL,
	user_id          INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount           INTEGER NOT NULL,
	currency         TEXT NOT NULL,
	capture_method   TEXT NOT NULL,
	purpose          TEXT NOT NULL,
	details          TEXT, -- JSON
	status           TEXT NOT NULL,
	reason           TEXT NOT NULL,
	version          INTEGER NOT NULL,
	payment_method   TEXT NOT NULL,
	attempt          INTEGER NOT NULL,
	attempt_low      INTEGER NOT NULL,
	gateway          TEXT NOT NULL,
	action_url       TEXT NOT NULL,
	authorized       INTEGER NOT NULL,
	capture_pending  INTEGER NOT NULL,
	captured         INTEGER NOT NULL,
	refund_pending   INTEGER NOT NULL,
	refunded         INTEGER NOT NULL,
	disputed         INTEGER NOT NULL,
	answered_version INTEGER NOT NULL,
	answered         TEXT, -- JSON
	generation       INTEGER NOT NULL,
	room             TEXT -- kept free while a row will grow, so that pages need not be split
) STRICT;
-- What comes in any order is indexed within a generation, some thousand rows
-- that were inserted one after the other: so that a group of inserts touches a
-- few pages, whatever the size of the table. A search goes from generation to
-- generation.
CREATE INDEX payments_user ON payments (generation, user_id);

CREATE TABLE attempts (
	id              INTEGER PRIMARY KEY,
	id_low          INTEGER NOT NULL,
	payment         INTEGER NOT NULL,
	payment_low     INTEGER NOT NULL,
	user_id         INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway         TEXT NOT NULL,
	method          TEXT NOT NULL,
	amount          INTEGER NOT NULL,
	root            INTEGER NOT NULL, -- 0: the attempt is one itself
	root_low        INTEGER NOT NULL,
	outcome         TEXT NOT NULL,
	reason          TEXT NOT NULL,
	reference       TEXT NOT NULL,
	answered_at     INTEGER NOT NULL,
	inquire_at      INTEGER, -- NULL: nothing left to ask
	inquiries       INTEGER NOT NULL,
	expires_at      INTEGER, -- NULL: nothing left to capture
	reversal        INTEGER,
	reversal_low    INTEGER,
	reversal_status TEXT,
	reversal_rest   INTEGER,
	room            TEXT -- as in payments
) STRICT;
CREATE INDEX attempts_payment ON attempts (payment);
CREATE INDEX attempts_due ON attempts (inquire_at) WHERE inquire_at IS NOT NULL;
CREATE INDEX attempts_expiring ON attempts (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX attempts_reversal ON attempts (reversal) WHERE reversal IS NOT NULL;

CREATE TABLE captures (
	id          INTEGER PRIMARY KEY,
	id_low      INTEGER NOT NULL,
	payment     INTEGER NOT NULL,
	payment_low INTEGER NOT NULL,
	attempt     INTEGER NOT NULL,
	attempt_low INTEGER NOT NULL,
	user_id     INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount      INTEGER NOT NULL,
	final       INTEGER NOT NULL,
	status      TEXT NOT NULL,
	reason      TEXT NOT NULL,
	reference   TEXT NOT NULL,
	answered_at INTEGER NOT NULL,
	version     INTEGER NOT NULL,
	inquire_at  INTEGER, -- NULL: nothing left to ask
	inquiries   INTEGER NOT NULL,
	told        TEXT -- JSON
) STRICT;
CREATE INDEX captures_payment ON captures (payment);
CREATE INDEX captures_due ON captures (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE refunds (
	id          INTEGER PRIMARY KEY,
	id_low      INTEGER NOT NULL,
	payment     INTEGER NOT NULL,
	payment_low INTEGER NOT NULL,
	attempt     INTEGER NOT NULL,
	attempt_low INTEGER NOT NULL,
	user_id     INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway     TEXT NOT NULL,
	amount      INTEGER NOT NULL,
	currency    TEXT NOT NULL,
	status      TEXT NOT NULL,
	reason      TEXT NOT NULL,
	reference   TEXT NOT NULL,
	answered_at INTEGER NOT NULL,
	version     INTEGER NOT NULL,
	inquire_at  INTEGER, -- NULL: nothing left to ask
	inquiries   INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_payment ON refunds (payment);
CREATE INDEX refunds_user ON refunds (user_id);
CREATE INDEX refunds_due ON refunds (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE payment_methods (
	id          INTEGER PRIMARY KEY,
	id_low      INTEGER NOT NULL,
	user_id     INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	brand       TEXT NOT NULL,
	last4       TEXT NOT NULL,
	exp_month   INTEGER NOT NULL,
	exp_year    INTEGER NOT NULL,
	fingerprint TEXT NOT NULL,
	sealed      BLOB NOT NULL,
	version     INTEGER NOT NULL,
	deleted_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_methods_user ON payment_methods (user_id);

-- Found by hash, then compared in full: two keys may share a hash.
CREATE TABLE claims (
	id         INTEGER PRIMARY KEY,
	hash       INTEGER NOT NULL,
	scope      TEXT NOT NULL,
	user_id    INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	key        TEXT NOT NULL,
	digest     BLOB NOT NULL,
	kind       TEXT NOT NULL,
	object     INTEGER NOT NULL,
	object_low INTEGER NOT NULL,
	at         INTEGER NOT NULL,
	answer     BLOB,
	generation INTEGER NOT NULL
) STRICT;
CREATE INDEX claims_hash ON claims (generation, hash);

-- The crowded accounts, of which nearly every transaction has an entry, have ids
-- below 0, all others above: only the latter's entries are indexed. What changes
-- stands in a table of its own, with narrow rows and no index: many of them are
-- written with one statement, and users who pay each other at random touch few
-- pages.
CREATE TABLE account_names (
	id       INTEGER PRIMARY KEY,
	name     TEXT NOT NULL,
	slot     INTEGER NOT NULL,
	currency TEXT NOT NULL,
	user_id  INTEGER CHECK (user_id % {{.Shards}} = {{.Shard}}),
	UNIQUE (name, slot, currency)
) STRICT;
-- A balance beyond 64 bits is a decimal text.
CREATE TABLE balances (
	id      INTEGER PRIMARY KEY, -- the account's
	balance ANY NOT NULL,
	seq     INTEGER NOT NULL
) STRICT;
CREATE VIEW accounts AS
	SELECT n.id, n.name, n.slot, n.currency, n.user_id, b.balance, b.seq
	FROM account_names AS n JOIN balances AS b ON b.id = n.id;

-- The entries of a transaction are those that name it, from first_entry to
-- last_entry, counted from the transaction's own id.
CREATE TABLE ledger_transactions (
	id          INTEGER PRIMARY KEY,
	id_low      INTEGER NOT NULL,
	user_id     INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	kind        TEXT NOT NULL,
	object      INTEGER NOT NULL,
	object_low  INTEGER NOT NULL,
	payment     INTEGER NOT NULL,
	payment_low INTEGER NOT NULL,
	first_entry INTEGER NOT NULL,
	last_entry  INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger_entries (
	id             INTEGER PRIMARY KEY,
	id_low         INTEGER NOT NULL,
	transaction_id INTEGER NOT NULL,
	account        INTEGER NOT NULL,
	amount         INTEGER NOT NULL,
	seq            INTEGER NOT NULL,
	balance        ANY NOT NULL,
	generation     INTEGER -- NULL for a system account's
) STRICT;
-- Within a generation and an account ids ascend as seqs do.
CREATE INDEX ledger_entries_account ON ledger_entries (generation, account) WHERE generation IS NOT NULL;

CREATE TABLE events (
	position   INTEGER PRIMARY KEY,
	id         INTEGER NOT NULL,
	id_low     INTEGER NOT NULL,
	type       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	object     INTEGER NOT NULL,
	object_low INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	user_id    INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	data       TEXT NOT NULL -- JSON
) STRICT;
CREATE UNIQUE INDEX events_version ON events (object, version);

-- What has no user lives on shard 0.
CREATE TABLE api_keys (
	id         INTEGER PRIMARY KEY,
	id_low     INTEGER NOT NULL,
	name       TEXT NOT NULL,
	hash       BLOB NOT NULL,
	hint       TEXT NOT NULL,
	scopes     TEXT NOT NULL, -- JSON
	revoked_at INTEGER NOT NULL
) STRICT;

CREATE TABLE keysets (
	name   TEXT PRIMARY KEY,
	sealed BLOB NOT NULL
) STRICT;

-- The latest groups, in a ring; each tells the greatest id written until then.
CREATE TABLE commits (
	id        INTEGER PRIMARY KEY,
	number    INTEGER NOT NULL,
	group_id  INTEGER NOT NULL,
	group_low INTEGER NOT NULL,
	last_high INTEGER NOT NULL
) STRICT;

CREATE TABLE disputes (
	id             INTEGER PRIMARY KEY,
	id_low         INTEGER NOT NULL,
	payment        INTEGER NOT NULL,
	payment_low    INTEGER NOT NULL,
	attempt        INTEGER NOT NULL,
	attempt_low    INTEGER NOT NULL,
	user_id        INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway        TEXT NOT NULL,
	reference      TEXT NOT NULL,
	amount         INTEGER NOT NULL,
	currency       TEXT NOT NULL,
	reason         TEXT NOT NULL,
	wallet         INTEGER NOT NULL,
	exceeds        INTEGER NOT NULL,
	status         TEXT NOT NULL,
	evidence       TEXT NOT NULL,
	submission     INTEGER NOT NULL,
	submission_low INTEGER NOT NULL,
	version        INTEGER NOT NULL,
	inquire_at     INTEGER, -- NULL: nothing to hand in
	inquiries      INTEGER NOT NULL
) STRICT;
CREATE INDEX disputes_payment ON disputes (payment);
CREATE INDEX disputes_user ON disputes (user_id);
CREATE INDEX disputes_due ON disputes (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE holds (
	id         INTEGER PRIMARY KEY,
	id_low     INTEGER NOT NULL,
	user_id    INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount     INTEGER NOT NULL,
	currency   TEXT NOT NULL,
	reason     TEXT NOT NULL,
	metadata   TEXT, -- JSON
	expires_at INTEGER NOT NULL,
	captured   INTEGER NOT NULL,
	status     TEXT NOT NULL,
	version    INTEGER NOT NULL
) STRICT;
CREATE INDEX holds_user ON holds (user_id);
CREATE INDEX holds_due ON holds (expires_at) WHERE status = 'active';

CREATE TABLE payouts (
	id          INTEGER PRIMARY KEY,
	id_low      INTEGER NOT NULL,
	user_id     INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount      INTEGER NOT NULL,
	currency    TEXT NOT NULL,
	description TEXT NOT NULL,
	metadata    TEXT, -- JSON
	status      TEXT NOT NULL,
	version     INTEGER NOT NULL
) STRICT;
CREATE INDEX payouts_user ON payouts (user_id);
CREATE INDEX payouts_pending ON payouts (id) WHERE status = 'pending';

-- Transfers of this shard's senders. generation ascends with the id, here and in
-- received_transfers.
CREATE TABLE transfers (
	id           INTEGER PRIMARY KEY,
	id_low       INTEGER NOT NULL,
	from_user_id INTEGER NOT NULL CHECK (from_user_id % {{.Shards}} = {{.Shard}}),
	to_user_id   INTEGER NOT NULL,
	amount       INTEGER NOT NULL,
	currency     TEXT NOT NULL,
	details      TEXT, -- JSON
	status       TEXT NOT NULL,
	reason       TEXT,
	version      INTEGER NOT NULL,
	generation   INTEGER NOT NULL
) STRICT;
CREATE INDEX transfers_from ON transfers (generation, from_user_id);
CREATE INDEX transfers_to ON transfers (generation, to_user_id);
-- What is still to be done: emptied as it is.
CREATE INDEX transfers_pending ON transfers (id) WHERE status = 'pending';

-- What this shard has decided about transfers that came from others: accepted
-- (succeeded) or refused (failed), each once for ever.
CREATE TABLE received_transfers (
	id           INTEGER PRIMARY KEY,
	id_low       INTEGER NOT NULL,
	from_user_id INTEGER NOT NULL,
	to_user_id   INTEGER NOT NULL CHECK (to_user_id % {{.Shards}} = {{.Shard}}),
	amount       INTEGER NOT NULL,
	currency     TEXT NOT NULL,
	details      TEXT, -- JSON
	status       TEXT NOT NULL,
	reason       TEXT,
	version      INTEGER NOT NULL,
	generation   INTEGER NOT NULL
) STRICT;
CREATE INDEX received_transfers_to ON received_transfers (generation, to_user_id);

-- Batches of payments that were accepted, to be worked off later. A batch stands
-- on the shard of its first payment's user.
CREATE TABLE batches (
	id           INTEGER PRIMARY KEY,
	id_low       INTEGER NOT NULL,
	user_id      INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	status       TEXT NOT NULL,
	total        INTEGER NOT NULL,
	succeeded    INTEGER NOT NULL,
	declined     INTEGER NOT NULL,
	failed       INTEGER NOT NULL,
	done         BLOB NOT NULL, -- a bit an item
	version      INTEGER NOT NULL,
	completed_at INTEGER NOT NULL,
	due_at       INTEGER, -- NULL: nothing left to do
	tries        INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_due ON batches (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE batch_items (
	batch     INTEGER NOT NULL,
	item      INTEGER NOT NULL, -- its place, from 0
	batch_low INTEGER NOT NULL,
	user_id   INTEGER NOT NULL CHECK (user_id % {{.Shards}} = {{.Shard}}),
	outcome   TEXT NOT NULL, -- empty while it is open
	request   TEXT, -- JSON, until it is answered
	result    TEXT, -- JSON, from then on
	PRIMARY KEY (batch, item)
) STRICT, WITHOUT ROWID;
