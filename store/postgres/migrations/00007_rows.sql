-- The rows that a statement is given are one array, whose elements have a type of
-- their own: the columns of the statement, a numeric as its text. unnest of one array
-- is half the work of unnest of an array a column.

CREATE TYPE accounts_find AS (
	name text, slot integer, currency text
);

CREATE TYPE accounts_make AS (
	name text, slot integer, currency text, user_id bigint, crowded boolean
);

CREATE TYPE accounts_update AS (
	id bigint, balance text, seq bigint
);

CREATE TYPE api_keys_insert AS (
	id uuid, name text, hash bytea, hint text, scopes jsonb, revoked_at timestamptz
);

CREATE TYPE api_keys_update AS (
	id uuid, name text, hash bytea, hint text, scopes jsonb, revoked_at timestamptz
);

CREATE TYPE attempts_insert AS (
	id uuid, payment uuid, user_id bigint, gateway text, method text, amount bigint, root uuid,
	outcome text, reason text, reference text, answered_at timestamptz, inquire_at timestamptz,
	inquiries integer, expires_at timestamptz, reversal uuid, reversal_status text,
	reversal_rest boolean
);

CREATE TYPE attempts_update AS (
	id uuid, outcome text, reason text, reference text, answered_at timestamptz,
	inquire_at timestamptz, inquiries integer, expires_at timestamptz, reversal uuid,
	reversal_status text, reversal_rest boolean
);

CREATE TYPE batches_insert AS (
	id uuid, user_id bigint, status text, total integer, succeeded integer, declined integer,
	failed integer, done bytea, version bigint, completed_at timestamptz, due_at timestamptz,
	tries integer
);

CREATE TYPE batches_update AS (
	id uuid, status text, total integer, succeeded integer, declined integer, failed integer,
	done bytea, version bigint, completed_at timestamptz, due_at timestamptz, tries integer
);

CREATE TYPE batch_items_insert AS (
	batch uuid, item integer, user_id bigint, outcome text, request bytea, result bytea
);

CREATE TYPE batch_items_update AS (
	batch uuid, item integer, outcome text, request bytea, result bytea
);

CREATE TYPE captures_insert AS (
	id uuid, payment uuid, attempt uuid, user_id bigint, amount bigint, final boolean,
	status text, reason text, reference text, answered_at timestamptz, version bigint,
	inquire_at timestamptz, inquiries integer, told jsonb
);

CREATE TYPE captures_update AS (
	id uuid, status text, reason text, reference text, answered_at timestamptz, version bigint,
	inquire_at timestamptz, inquiries integer, told jsonb
);

CREATE TYPE claims_insert AS (
	identity uuid, hash bigint, scope text, user_id bigint, key text, digest bytea, kind text,
	object uuid, at timestamptz, answer bytea
);

CREATE TYPE claims_update AS (
	identity uuid, answer bytea
);

CREATE TYPE disputes_insert AS (
	id uuid, payment uuid, attempt uuid, user_id bigint, gateway text, reference text,
	amount bigint, currency text, reason text, wallet bigint, exceeds boolean, status text,
	evidence text, submission uuid, version bigint, inquire_at timestamptz, inquiries integer
);

CREATE TYPE disputes_update AS (
	id uuid, status text, evidence text, submission uuid, version bigint, inquire_at timestamptz,
	inquiries integer
);

CREATE TYPE events_insert AS (
	id uuid, type text, kind text, object uuid, version bigint, user_id bigint, data text
);

CREATE TYPE holds_insert AS (
	id uuid, user_id bigint, amount bigint, currency text, reason text, metadata jsonb,
	expires_at timestamptz, captured bigint, status text, version bigint
);

CREATE TYPE holds_update AS (
	id uuid, captured bigint, status text, version bigint
);

CREATE TYPE payment_methods_insert AS (
	id uuid, user_id bigint, brand text, last4 text, exp_month integer, exp_year integer,
	fingerprint text, sealed bytea, version bigint, deleted_at timestamptz
);

CREATE TYPE payment_methods_update AS (
	id uuid, brand text, last4 text, exp_month integer, exp_year integer, fingerprint text,
	sealed bytea, version bigint, deleted_at timestamptz
);

CREATE TYPE payments_insert AS (
	id uuid, user_id bigint, amount bigint, currency text, capture_method text, purpose text,
	details jsonb, status text, reason text, version bigint, payment_method text, attempt uuid,
	gateway text, action_url text, authorized bigint, capture_pending bigint, captured bigint,
	refund_pending bigint, refunded bigint, disputed bigint, answered_version bigint,
	answered jsonb
);

CREATE TYPE payments_update AS (
	id uuid, details jsonb, status text, reason text, version bigint, payment_method text,
	attempt uuid, gateway text, action_url text, authorized bigint, capture_pending bigint,
	captured bigint, refund_pending bigint, refunded bigint, disputed bigint,
	answered_version bigint, answered jsonb
);

CREATE TYPE payouts_insert AS (
	id uuid, user_id bigint, amount bigint, currency text, description text, metadata jsonb,
	status text, version bigint
);

CREATE TYPE payouts_update AS (
	id uuid, status text, version bigint
);

CREATE TYPE refunds_insert AS (
	id uuid, payment uuid, attempt uuid, user_id bigint, gateway text, amount bigint,
	currency text, status text, reason text, reference text, answered_at timestamptz,
	version bigint, inquire_at timestamptz, inquiries integer
);

CREATE TYPE refunds_update AS (
	id uuid, status text, reason text, reference text, answered_at timestamptz, version bigint,
	inquire_at timestamptz, inquiries integer
);

CREATE TYPE ledger_transactions_insert AS (
	id uuid, user_id bigint, kind text, object uuid, payment uuid, first_entry uuid,
	last_entry uuid
);

CREATE TYPE ledger_entries_insert AS (
	id uuid, transaction_id uuid, account bigint, amount bigint, seq bigint, balance text
);

CREATE TYPE transfers_insert AS (
	id uuid, from_user_id bigint, to_user_id bigint, amount bigint, currency text, details jsonb,
	status text, reason text, version bigint
);

CREATE TYPE transfers_update AS (
	id uuid, status text, reason text, version bigint
);

CREATE TYPE received_transfers_insert AS (
	id uuid, from_user_id bigint, to_user_id bigint, amount bigint, currency text, details jsonb,
	status text, reason text, version bigint
);
