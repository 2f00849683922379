//go:build services

package postgres_test

import (
	"testing"
	"time"

	"florin/ident"
	"florin/store/postgres"
)

// filling makes 5,000 rows of every kind, one each eight minutes from fillStart on,
// of 50 users: enough for an index to be worth it. Each payment has an attempt, a capture and a ledger transaction with
// two entries, one of sales and one of its user's wallet.
var filling = []string{
	`CREATE FUNCTION uuid7(n bigint, kind bigint, user_id bigint) RETURNS uuid LANGUAGE sql AS $$ SELECT (
		lpad(to_hex((extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') - interval '10 days')
			* 1000)::bigint + n * 480000), 12, '0')
		|| '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 11, '0') || lpad(to_hex(user_id % 65536), 4, '0')
		)::uuid $$`,
	`CREATE TEMPORARY TABLE fill AS SELECT n, 1 + n % 50 AS user_id FROM generate_series(1, 5000) AS n`,
	`INSERT INTO payments SELECT uuid7(n, 1, user_id), user_id, 100, 'EUR', 'automatic', 'sale', NULL, 'succeeded', '', 2,
		'pm', NULL, 'simulated', '', 100, 0, 100, 0, 0, 0, 0, NULL FROM fill`,
	`INSERT INTO attempts SELECT uuid7(n, 2, user_id), uuid7(n, 1, user_id), user_id, 'simulated', 'pm', 100, NULL,
		'approved', '', '', now(), CASE WHEN n % 100 = 0 THEN now() END, 0, CASE WHEN n % 100 = 1 THEN now() END,
		CASE WHEN n % 100 = 2 THEN uuid7(n, 12, user_id) END, NULL, NULL FROM fill`,
	`INSERT INTO captures SELECT uuid7(n, 3, user_id), uuid7(n, 1, user_id), uuid7(n, 2, user_id), user_id, 100, false,
		'succeeded', '', '', now(), 1, NULL, 0 FROM fill`,
	`INSERT INTO refunds SELECT uuid7(n, 4, user_id), uuid7(n, 1, user_id), uuid7(n, 2, user_id), user_id, 'simulated',
		100, 'EUR', 'succeeded', '', '', now(), 1, NULL, 0 FROM fill`,
	`INSERT INTO disputes SELECT uuid7(n, 5, user_id), uuid7(n, 1, user_id), uuid7(n, 2, user_id), user_id, 'simulated',
		'', 100, 'EUR', '', 0, false, 'won', '', NULL, 1, NULL, 0 FROM fill`,
	`INSERT INTO accounts (id, name, slot, currency, user_id, balance, seq)
		SELECT u, 'user:' || u || ':wallet', 0, 'EUR', u, 100, 100 FROM generate_series(1, 50) AS u
		UNION ALL SELECT -1, 'sales', 0, 'EUR', NULL, -5000, 5000`,
	`INSERT INTO ledger_transactions SELECT uuid7(n, 6, user_id), user_id, 'capture', uuid7(n, 3, user_id),
		uuid7(n, 1, user_id), uuid7(n, 7, user_id), uuid7(n, 8, user_id) FROM fill`,
	`INSERT INTO ledger_entries
		SELECT uuid7(n, 7, user_id), uuid7(n, 6, user_id), user_id, 1, 1 + (n - 1) / 50, 1 + (n - 1) / 50 FROM fill
		UNION ALL SELECT uuid7(n, 8, user_id), uuid7(n, 6, user_id), -1, -1, n, -n FROM fill`,
	`INSERT INTO events SELECT n, uuid7(n, 9, user_id), 'payment.created', 'pay', uuid7(n, 1, user_id), 1, user_id,
		'{}' FROM fill`,
	`INSERT INTO transfers SELECT uuid7(n, 10, user_id), user_id, 1 + n % 49, 5, 'EUR', NULL,
		CASE WHEN n % 100 = 3 THEN 'pending' ELSE 'succeeded' END, '', 1 FROM fill`,
	`INSERT INTO received_transfers SELECT uuid7(n, 11, user_id), 1 + n % 49, user_id, 5, 'EUR', NULL, 'succeeded', '', 1
		FROM fill`,
	`INSERT INTO holds SELECT uuid7(n, 13, user_id), user_id, 5, 'EUR', '', NULL, now(), 0,
		CASE WHEN n % 100 = 4 THEN 'active' ELSE 'released' END, 1 FROM fill`,
	`INSERT INTO payment_methods SELECT uuid7(n, 14, user_id), user_id, 'visa', '4242', 12, 2030, '', '', 1, NULL
		FROM fill`,
	`ANALYZE`,
}

// fillStart is ten days before the present month.
func fillStart() time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -10)
}

// fillID returns the id of the nth row of a kind.
func fillID(n, kind int64) ident.ID {
	high := (fillStart().UnixMilli()+n*480_000)<<12 | kind
	return ident.FromHalves(high, -1<<63|n<<16|(1+n%50)%ident.Buckets)
}

// emptyStore opens a store of one shard that no other test will use.
func emptyStore(t *testing.T) *postgres.Store {
	t.Helper()
	return open(t, migrated(t, 1))
}
