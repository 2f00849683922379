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
