-- Of which copy of which store this database is being filled. While the row is
-- there nobody serves the database.
CREATE TABLE filling (
	id       integer PRIMARY KEY CHECK (id = 1),
	copy     uuid NOT NULL,
	began_at timestamptz NOT NULL DEFAULT now()
);

-- How many rows of each part have come; written in the same Tx as they are.
CREATE TABLE filled (
	part text COLLATE "C" PRIMARY KEY,
	rows bigint NOT NULL
);
