package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/ledger"
	"florin/money"
	"florin/store"
)

// account is an account with its row's id.
type account struct {
	id int64
	ledger.Account
}

// accountColumns are what (*row).account reads.
const accountColumns = `id, name, slot, currency, balance::text, seq`

// maxAccounts bounds the accounts whose ids a shard knows by heart.
const maxAccounts = 1 << 18

var (
	accountKey  = shapeOf("accounts_find", "name text, slot int4, currency text")
	newAccount  = shapeOf("accounts_make", "name text, slot int4, currency text, user_id int8, crowded bool")
	makeAccount = defineRows(newAccount, `INSERT INTO accounts (name, slot, currency, user_id, id)
		SELECT v.name, v.slot, v.currency, v.user_id,
			CASE WHEN v.crowded THEN nextval('crowded_accounts') ELSE nextval('user_accounts') END
		FROM `+newAccount.rows()+` ORDER BY v.name COLLATE "C", v.currency COLLATE "C", v.slot
		ON CONFLICT DO NOTHING`)
	loadKnown = define(`SELECT `+accountColumns+` FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`,
		pgtype.Int8ArrayOID)
	// One statement locks them all, so that the locks come in one order.
	loadNamed = defineRows(accountKey, `SELECT `+accountColumns+` FROM accounts
		WHERE id IN (
			SELECT a.id FROM `+accountKey.rows()+` JOIN accounts AS a
				ON a.name = v.name AND a.slot = v.slot AND a.currency = v.currency
			UNION ALL SELECT unnest($2))
		ORDER BY id FOR NO KEY UPDATE`, pgtype.Int8ArrayOID)
	updateAccounts = defineUpdate("accounts", 1, "id int8, balance numeric, seq int8")
)

// account reads a row of accountColumns.
func (r *row) account() (a account) {
	a.id = r.int()
	a.Key = ledger.Key{Name: ledger.Name(r.text()), Slot: r.small(), Currency: money.Currency(r.text())}
	a.Balance, a.Seq = r.sum(), r.int()
	return a
}

// known parts accounts into those whose ids the process knows, and the others.
func (sh *shard) known(keys []ledger.Key) (ids []int64, unknown []ledger.Key) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, key := range keys {
		if id, ok := sh.accounts[key]; ok {
			ids = append(ids, id)
		} else {
			unknown = append(unknown, key)
		}
	}
	return ids, unknown
}

// learn remembers the ids of accounts that were committed.
func (sh *shard) learn(ids map[ledger.Key]int64, fresh []ledger.Key) {
	if len(fresh) == 0 {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if len(sh.accounts)+len(fresh) > maxAccounts {
		clear(sh.accounts)
	}
	for _, key := range fresh {
		if id, ok := ids[key]; ok {
			sh.accounts[key] = id
		}
	}
}

// unlearn forgets ids that were wrong.
func (sh *shard) unlearn(keys []ledger.Key) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, key := range keys {
		delete(sh.accounts, key)
	}
}

// makeAccounts queues the making of accounts that may be missing.
func (p *pipe) makeAccounts(keys []ledger.Key) {
	if len(keys) == 0 {
		return
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, ledger.Key.Compare)
	rows := newColumns(newAccount, len(sorted))
	for _, key := range sorted {
		userID, ofUser := key.Name.UserID()
		rows.accountKey(key)
		rows.intOrNull(userID)
		rows.bool(!ofUser && key.Name.Crowded())
		rows.end()
	}
	args, err := rows.args()
	if err != nil {
		p.fail(fmt.Errorf("%w: %w", store.ErrRefused, err))
		return
	}
	p.queue(makeAccount, nil, args...)
}

func (c *columns) accountKey(key ledger.Key) {
	c.text(string(key.Name))
	c.small(key.Slot)
	c.text(string(key.Currency))
}

// loadAccounts queues the reading of accounts, by id or by name.
func (t *tx) loadAccounts(p *pipe, ids []int64, named []ledger.Key, into map[ledger.Key]ledger.Account) {
	read := func(r *row) error {
		a := r.account()
		t.accounts[a.Key] = a.id
		into[a.Key] = a.Account
		return nil
	}
	if len(named) == 0 {
		if len(ids) > 0 {
			p.queue(loadKnown, read, intsParam(ids))
		}
		return
	}
	byName := newColumns(accountKey, len(named))
	for _, key := range named {
		byName.accountKey(key)
		byName.end()
	}
	nameArgs, err := byName.args()
	if err != nil {
		p.fail(fmt.Errorf("%w: %w", store.ErrRefused, err))
		return
	}
	p.queue(loadNamed, read, append(nameArgs, intsParam(ids))...)
}

// writeAccounts writes the balances of accounts that were loaded.
func (t *tx) writeAccounts(accounts []ledger.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	rows := newColumns(updateAccounts.shape, len(accounts))
	for i := range accounts {
		id, ok := t.accounts[accounts[i].Key]
		if !ok {
			return fmt.Errorf("%w: account %s was not loaded", store.ErrRefused, accounts[i].Name)
		}
		rows.int(id)
		rows.sum(accounts[i].Balance)
		rows.int(accounts[i].Seq)
		rows.end()
	}
	t.writes.update(updateAccounts, rows)
	return nil
}
