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
