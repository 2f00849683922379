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
