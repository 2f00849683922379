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
