package sqlite

import (
	"cmp"
	"fmt"
	"slices"

	"florin/ledger"
	"florin/money"
	"florin/store"
)

// account is an account with its row's id.
type account struct {
	id int64
	ledger.Account
}

// maxAccounts bounds the accounts that a shard knows; beyond it the users' are
// forgotten, and read again when they are needed.
const maxAccounts = 1 << 17

var (
	selectAccount = define(`SELECT id, balance, seq FROM accounts WHERE name = ? AND slot = ? AND currency = ?`)
	insertAccount = define(`INSERT INTO account_names (id, name, slot, currency, user_id) VALUES (?,?,?,?,?)`)
	writeBalances = defineReplace("balances", "id, balance, seq")
	allAccounts   = define(`SELECT id, balance, seq, name, slot, currency FROM accounts ORDER BY name, slot, currency`)
)

func (t *tx) loadAccounts(keys []ledger.Key, into map[ledger.Key]ledger.Account) error {
	for _, key := range keys {
		a, ok := t.sh.accounts[key]
		if !ok {
			var err error
			if a, err = t.readAccount(key); err != nil {
				return err
			}
		}
		t.accounts[key] = a
		into[key] = a.Account
	}
	return nil
}

// readAccount reads an account, or makes it.
func (t *tx) readAccount(key ledger.Key) (a account, err error) {
	s, err := t.sh.writer.query(selectAccount)
	if err != nil {
		return a, err
	}
	s.bindText(string(key.Name))
	s.bindInt(int64(key.Slot))
	s.bindText(string(key.Currency))
	a.Key = key
	err = s.each(func(s *stmt) error {
		a.id = s.int()
		a.Balance, err = s.sum()
		a.Seq = s.int()
		return err
	})
	if err != nil || a.id != 0 {
		return a, err
	}
	return t.makeAccount(key)
}

func (t *tx) makeAccount(key ledger.Key) (account, error) {
	a := account{Account: ledger.Account{Key: key}}
	s, err := t.sh.writer.query(insertAccount)
	if err != nil {
		return a, err
	}
	userID, ofUser := key.Name.UserID()
	if ofUser || !key.Name.Crowded() {
		t.counters.user++
		a.id = t.counters.user
	} else {
		t.counters.system--
		a.id = t.counters.system
	}
	s.bindInt(a.id)
	s.bindText(string(key.Name))
	s.bindInt(int64(key.Slot))
	s.bindText(string(key.Currency))
	s.bindIntOrNull(userID)
	if err := s.run(); err != nil {
		return a, err
	}
	return a, t.writeBalances([]account{a})
}

// writeAccounts writes balances in the order of their table.
func (t *tx) writeAccounts(accounts []ledger.Account) error {
	changed := t.changed[:0]
	for i := range accounts {
		a, ok := t.accounts[accounts[i].Key]
		if !ok {
			return fmt.Errorf("%w: account %s was not loaded", store.ErrRefused, accounts[i].Name)
		}
		a.Account = accounts[i]
		t.accounts[a.Key] = a
		changed = append(changed, a)
	}
	t.changed = changed
	slices.SortFunc(changed, func(a, b account) int { return cmp.Compare(a.id, b.id) })
	return t.writeBalances(changed)
}

func (t *tx) writeBalances(accounts []account) error {
	return t.sh.writer.insert(writeBalances, len(accounts), func(s *stmt, i int) error {
		s.bindInt(accounts[i].id)
		s.bindSum(accounts[i].Balance)
		s.bindInt(accounts[i].Seq)
		return nil
	})
}

// learnAccounts takes over what a Tx has committed.
func (sh *shard) learnAccounts(accounts map[ledger.Key]account) {
	if !sh.caching() {
		return
	}
	for key, a := range accounts {
		sh.accounts[key] = a
	}
	if len(sh.accounts) <= maxAccounts {
		return
	}
	for key, a := range sh.accounts {
		if a.id > 0 {
			delete(sh.accounts, key)
		}
	}
}

// account reads a row of allAccounts.
func (s *stmt) account() (a account, err error) {
	a.id = s.int()
	if a.Balance, err = s.sum(); err != nil {
		return a, err
	}
	a.Seq = s.int()
	a.Key = ledger.Key{Name: ledger.Name(s.text()), Slot: int(s.int()), Currency: money.Currency(s.text())}
	return a, nil
}
