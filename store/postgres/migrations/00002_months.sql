-- The months that were closed. Of the ledger's rows with ids below until_id those
-- are gone from the ledger that stand in the tables of the closed months; of the
-- events those are in event_checkpoints that stand before position.
CREATE TABLE closings (
	month     date PRIMARY KEY, -- its first day
	until_id  uuid NOT NULL,
	position  bigint NOT NULL,
	closed_at timestamptz NOT NULL DEFAULT now()
);

-- An account as its entries up to seq, which are gone, have left it.
CREATE TABLE account_checkpoints (
	account bigint PRIMARY KEY,
	balance numeric NOT NULL,
	seq     bigint NOT NULL
);

-- Entries that are gone though some of lower seq are not: the clocks of several
-- processes differ.
CREATE TABLE early_entries (
	id      uuid PRIMARY KEY,
	account bigint NOT NULL,
	amount  bigint NOT NULL,
	seq     bigint NOT NULL,
	balance numeric NOT NULL
);

-- How many events of an object there were in closed months.
CREATE TABLE event_checkpoints (
	object  uuid PRIMARY KEY,
	kind    text NOT NULL,
	user_id bigint NOT NULL CONSTRAINT check_shard CHECK (user_id % {{.Shards}} = {{.Shard}}),
	events  bigint NOT NULL
);
