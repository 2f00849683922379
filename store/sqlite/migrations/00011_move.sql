-- On shard 0: where this store is being moved to, or was. While the row is there
-- nobody writes the store but who moves it; once it was moved nobody does.
CREATE TABLE move (
	id       INTEGER PRIMARY KEY CHECK (id = 1),
	copy     INTEGER NOT NULL,
	copy_low INTEGER NOT NULL,
	target   TEXT NOT NULL,
	done     INTEGER NOT NULL
) STRICT;
