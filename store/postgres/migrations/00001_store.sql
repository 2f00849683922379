-- Ids are UUIDv7, ascending in time; NULL where there is none. Times are to the
-- millisecond, NULL for none; when a row was made stands in its id. Amounts are
-- minor units. {{.Shard}} and {{.Shards}} are this database's place.

CREATE TABLE meta (
	id        integer PRIMARY KEY CHECK (id = 1),
	store     uuid NOT NULL,
	shard     integer NOT NULL,
	shards    integer NOT NULL,
	mode      text NOT NULL,
	-- What the positions of events count from, see events.
	base      bigint NOT NULL DEFAULT 0,
	-- Raised when another server becomes the primary; timeline is that server's.
	epoch     bigint NOT NULL DEFAULT 1,
	timeline  bigint NOT NULL,
	-- The greatest id of the groups that commits has forgotten, its upper half.
	last_high bigint NOT NULL DEFAULT 0
);

-- A process holds one slot of the system accounts, alone. fence is raised by each
-- holder; seen_at is when the present one gave its last sign of life.
CREATE TABLE slots (
	slot    integer PRIMARY KEY,
	holder  uuid,
	fence   bigint NOT NULL DEFAULT 0,
	seen_at timestamptz
);
INSERT INTO slots (slot) SELECT generate_series(0, 255);

-- The latest groups. One that is void was not committed, and never will be: the
-- constraint fails its Tx.
CREATE TABLE commits (
	group_id  uuid PRIMARY KEY,
	last_high bigint, -- the upper half of the greatest id written until then
	void      boolean NOT NULL DEFAULT false,
	at        timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT commits_void CHECK (NOT void OR last_high IS NULL)
);

-- None of the columns that change is indexed, so that a row grows in its page.
CREATE TABLE payments (
	id               uuid PRIMARY KEY,
	user_id          bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount           bigint NOT NULL,
	currency         text COLLATE "C" NOT NULL,
	capture_method   text NOT NULL,
	purpose          text NOT NULL,
	details          jsonb,
	status           text NOT NULL,
	reason           text NOT NULL,
	version          bigint NOT NULL,
	payment_method   text NOT NULL,
	attempt          uuid,
	gateway          text NOT NULL,
	action_url       text NOT NULL,
	authorized       bigint NOT NULL,
	capture_pending  bigint NOT NULL,
	captured         bigint NOT NULL,
	refund_pending   bigint NOT NULL,
	refunded         bigint NOT NULL,
	disputed         bigint NOT NULL,
	answered_version bigint NOT NULL,
	answered         jsonb
) WITH (fillfactor = 75);
CREATE INDEX payments_user ON payments (user_id, id);

CREATE TABLE attempts (
	id              uuid PRIMARY KEY,
	payment         uuid NOT NULL,
	user_id         bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway         text NOT NULL,
	method          text NOT NULL,
	amount          bigint NOT NULL,
	root            uuid, -- NULL: the attempt is one itself
	outcome         text NOT NULL,
	reason          text NOT NULL,
	reference       text NOT NULL,
	answered_at     timestamptz,
	inquire_at      timestamptz, -- NULL: nothing left to ask
	inquiries       integer NOT NULL,
	expires_at      timestamptz, -- NULL: nothing left to capture
	reversal        uuid,
	reversal_status text,
	reversal_rest   boolean
) WITH (fillfactor = 75);
CREATE INDEX attempts_payment ON attempts (payment);
CREATE INDEX attempts_due ON attempts (inquire_at) WHERE inquire_at IS NOT NULL;
CREATE INDEX attempts_expiring ON attempts (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX attempts_reversal ON attempts (reversal) WHERE reversal IS NOT NULL;

CREATE TABLE captures (
	id          uuid PRIMARY KEY,
	payment     uuid NOT NULL,
	attempt     uuid NOT NULL,
	user_id     bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount      bigint NOT NULL,
	final       boolean NOT NULL,
	status      text NOT NULL,
	reason      text NOT NULL,
	reference   text NOT NULL,
	answered_at timestamptz,
	version     bigint NOT NULL,
	inquire_at  timestamptz, -- NULL: nothing left to ask
	inquiries   integer NOT NULL,
	told        jsonb
);
CREATE INDEX captures_payment ON captures (payment);
CREATE INDEX captures_due ON captures (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE refunds (
	id          uuid PRIMARY KEY,
	payment     uuid NOT NULL,
	attempt     uuid NOT NULL,
	user_id     bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway     text NOT NULL,
	amount      bigint NOT NULL,
	currency    text COLLATE "C" NOT NULL,
	status      text NOT NULL,
	reason      text NOT NULL,
	reference   text NOT NULL,
	answered_at timestamptz,
	version     bigint NOT NULL,
	inquire_at  timestamptz, -- NULL: nothing left to ask
	inquiries   integer NOT NULL
);
CREATE INDEX refunds_payment ON refunds (payment);
CREATE INDEX refunds_user ON refunds (user_id, id);
CREATE INDEX refunds_due ON refunds (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE disputes (
	id         uuid PRIMARY KEY,
	payment    uuid NOT NULL,
	attempt    uuid NOT NULL,
	user_id    bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	gateway    text NOT NULL,
	reference  text NOT NULL,
	amount     bigint NOT NULL,
	currency   text COLLATE "C" NOT NULL,
	reason     text NOT NULL,
	wallet     bigint NOT NULL,
	exceeds    boolean NOT NULL,
	status     text NOT NULL,
	evidence   text NOT NULL,
	submission uuid,
	version    bigint NOT NULL,
	inquire_at timestamptz, -- NULL: nothing to hand in
	inquiries  integer NOT NULL
);
CREATE INDEX disputes_payment ON disputes (payment);
CREATE INDEX disputes_user ON disputes (user_id, id);
CREATE INDEX disputes_due ON disputes (inquire_at) WHERE inquire_at IS NOT NULL;

CREATE TABLE payment_methods (
	id          uuid PRIMARY KEY,
	user_id     bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	brand       text NOT NULL,
	last4       text NOT NULL,
	exp_month   integer NOT NULL,
	exp_year    integer NOT NULL,
	fingerprint text NOT NULL,
	sealed      bytea NOT NULL,
	version     bigint NOT NULL,
	deleted_at  timestamptz
);
CREATE INDEX payment_methods_user ON payment_methods (user_id, id);

-- identity is a hash of scope, user and key, which are compared in full.
CREATE TABLE claims (
	identity uuid PRIMARY KEY,
	hash     bigint NOT NULL,
	scope    text NOT NULL,
	user_id  bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	key      text NOT NULL,
	digest   bytea NOT NULL,
	kind     text NOT NULL,
	object   uuid,
	at       timestamptz,
	answer   bytea
);

-- The crowded accounts, of which nearly every transaction has an entry, have ids
-- below 0, all others above: only the latter's entries are indexed.
CREATE SEQUENCE user_accounts;
CREATE SEQUENCE crowded_accounts INCREMENT -1;
CREATE TABLE accounts (
	id       bigint PRIMARY KEY,
	name     text COLLATE "C" NOT NULL,
	slot     integer NOT NULL,
	currency text COLLATE "C" NOT NULL,
	user_id  bigint CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	balance  numeric NOT NULL DEFAULT 0,
	seq      bigint NOT NULL DEFAULT 0,
	UNIQUE (name, slot, currency)
) WITH (fillfactor = 50);

-- The entries of a transaction are those that name it, from first_entry to
-- last_entry. Both tables are partitioned by the month of their id, see
-- partition.go.
CREATE TABLE ledger_transactions (
	id          uuid PRIMARY KEY,
	user_id     bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	kind        text NOT NULL,
	object      uuid,
	payment     uuid,
	first_entry uuid,
	last_entry  uuid
) PARTITION BY RANGE (id);
CREATE TABLE ledger_transactions_default PARTITION OF ledger_transactions DEFAULT;

CREATE TABLE ledger_entries (
	id             uuid PRIMARY KEY,
	transaction_id uuid NOT NULL,
	account        bigint NOT NULL,
	amount         bigint NOT NULL,
	seq            bigint NOT NULL,
	balance        numeric NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX ledger_entries_account ON ledger_entries (account, seq) WHERE account > 0;
CREATE TABLE ledger_entries_default PARTITION OF ledger_entries DEFAULT;

-- A position is (meta.base + the Tx's number) << 21, and the row's place in the
-- Tx. A reader stops before the oldest Tx that is still running, so that a row
-- that commits late is never skipped.
CREATE TABLE events (
	position bigint PRIMARY KEY,
	id       uuid NOT NULL,
	type     text NOT NULL,
	kind     text NOT NULL,
	object   uuid NOT NULL,
	version  bigint NOT NULL,
	user_id  bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	data     text NOT NULL, -- JSON, byte for byte
	UNIQUE (object, version)
);

CREATE TABLE holds (
	id         uuid PRIMARY KEY,
	user_id    bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount     bigint NOT NULL,
	currency   text COLLATE "C" NOT NULL,
	reason     text NOT NULL,
	metadata   jsonb,
	expires_at timestamptz NOT NULL,
	captured   bigint NOT NULL,
	status     text NOT NULL,
	version    bigint NOT NULL
);
CREATE INDEX holds_user ON holds (user_id, id);
CREATE INDEX holds_due ON holds (expires_at) WHERE status = 'active';

CREATE TABLE payouts (
	id          uuid PRIMARY KEY,
	user_id     bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	amount      bigint NOT NULL,
	currency    text COLLATE "C" NOT NULL,
	description text NOT NULL,
	metadata    jsonb,
	status      text NOT NULL,
	version     bigint NOT NULL
);
CREATE INDEX payouts_user ON payouts (user_id, id);
CREATE INDEX payouts_pending ON payouts (id) WHERE status = 'pending';

-- Transfers of this shard's senders.
CREATE TABLE transfers (
	id           uuid PRIMARY KEY,
	from_user_id bigint NOT NULL CONSTRAINT check_shard CHECK (from_user_id % {{.Shards}} = {{.Shard}}),
	to_user_id   bigint NOT NULL,
	amount       bigint NOT NULL,
	currency     text COLLATE "C" NOT NULL,
	details      jsonb,
	status       text NOT NULL,
	reason       text NOT NULL,
	version      bigint NOT NULL
);
CREATE INDEX transfers_from ON transfers (from_user_id, id);
CREATE INDEX transfers_to ON transfers (to_user_id, id);
-- What is still to be done: emptied as it is.
CREATE INDEX transfers_pending ON transfers (id) WHERE status = 'pending';

-- What this shard has decided about transfers that came from others: accepted
-- (succeeded) or refused (failed), each once for ever.
CREATE TABLE received_transfers (
	id           uuid PRIMARY KEY,
	from_user_id bigint NOT NULL,
	to_user_id   bigint NOT NULL CONSTRAINT check_shard CHECK (to_user_id % {{.Shards}} = {{.Shard}}),
	amount       bigint NOT NULL,
	currency     text COLLATE "C" NOT NULL,
	details      jsonb,
	status       text NOT NULL,
	reason       text NOT NULL,
	version      bigint NOT NULL
);
CREATE INDEX received_transfers_to ON received_transfers (to_user_id, id);

-- Batches of payments that were accepted, to be worked off later. A batch stands
-- on the shard of its first payment's user.
CREATE TABLE batches (
	id           uuid PRIMARY KEY,
	user_id      bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	status       text NOT NULL,
	total        integer NOT NULL,
	succeeded    integer NOT NULL,
	declined     integer NOT NULL,
	failed       integer NOT NULL,
	done         bytea NOT NULL, -- a bit an item
	version      bigint NOT NULL,
	completed_at timestamptz,
	due_at       timestamptz, -- NULL: nothing left to do
	tries        integer NOT NULL
);
CREATE INDEX batches_due ON batches (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE batch_items (
	batch   uuid NOT NULL,
	item    integer NOT NULL, -- its place, from 0
	user_id bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	outcome text NOT NULL, -- empty while it is open
	request bytea, -- JSON, until it is answered
	result  bytea, -- JSON, from then on
	PRIMARY KEY (batch, item)
);

-- What has no user lives on shard 0.
CREATE TABLE api_keys (
	id         uuid PRIMARY KEY,
	name       text NOT NULL,
	hash       bytea NOT NULL,
	hint       text NOT NULL,
	scopes     jsonb NOT NULL,
	revoked_at timestamptz
);

CREATE TABLE keysets (
	name   text COLLATE "C" PRIMARY KEY,
	sealed bytea NOT NULL
);

-- What a currency's minor unit is to its major one: the number of digits.
CREATE FUNCTION exponent(currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE {{range .Exponents}}WHEN currency IN ({{.Codes}}) THEN {{.Digits}}
		{{end}}ELSE 2 END
$$;

-- When an id was issued.
CREATE FUNCTION issued_at(id uuid) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT timestamp '1970-01-01' + ('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint
		* interval '1 millisecond'
$$;

-- A transaction as a report wants it: the sum of its debits in major units.
CREATE VIEW transactions AS
	SELECT t.id AS transaction_id, t.user_id, e.amount, issued_at(t.id) AS created_at
	FROM ledger_transactions AS t CROSS JOIN LATERAL (
		SELECT sum(-e.amount * 10::numeric ^ -exponent(a.currency))::numeric(25, 4) AS amount
		FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account
		WHERE e.id BETWEEN t.first_entry AND t.last_entry AND e.transaction_id = t.id AND e.amount < 0
	) AS e;

-- expect fails the Tx unless so many rows were written as were to be.
CREATE FUNCTION expect(written bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF written <> wanted THEN
		RAISE EXCEPTION '% rows of % are there to be written', written, wanted USING ERRCODE = 'FL001';
	END IF;
END
$$;

-- overtaken fails the Tx: one that began later has written an object's earlier
-- version. The next try has a later position.
CREATE FUNCTION overtaken() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'an earlier version has a later position' USING ERRCODE = '40001';
END
$$;
