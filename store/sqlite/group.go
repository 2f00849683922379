package sqlite

import (
	"florin/ident"
	"florin/store"
)

// ringSize is how many of the latest groups a shard keeps for Committed.
const ringSize = 1024

var insertGroup = define(`REPLACE INTO commits (id, number, group_id, group_low, last_high) VALUES (?,?,?,?,?)`)

// writeGroup leaves the Tx's mark: its group, and the greatest id until now.
func (t *tx) writeGroup(group ident.ID) error {
	s, err := t.sh.writer.query(insertGroup)
	if err != nil {
		return err
	}
	t.note(group)
	t.counters.group++
	s.bindInt(t.counters.group % ringSize)
	s.bindInt(t.counters.group)
	s.bindID(group)
	s.bindInt(t.counters.high)
	return s.run()
}

// note remembers that an id was written.
func (t *tx) note(id ident.ID) {
	if !id.IsZero() {
		t.counters.high = max(t.counters.high, id.High())
	}
}

// noteAll remembers the ids of all changes.
func (t *tx) noteAll(changes *store.Changes) {
	for i := range changes.Payments {
		t.note(changes.Payments[i].Value.ID)
	}
	for i := range changes.Attempts {
		t.note(changes.Attempts[i].Value.ID)
		if r := changes.Attempts[i].Value.Reversal; r != nil {
			t.note(r.ID)
		}
	}
	for i := range changes.Captures {
		t.note(changes.Captures[i].Value.ID)
	}
	for i := range changes.Refunds {
		t.note(changes.Refunds[i].Value.ID)
	}
	for i := range changes.Disputes {
		t.note(changes.Disputes[i].Value.ID)
		t.note(changes.Disputes[i].Value.Submission)
	}
	for i := range changes.Methods {
		t.note(changes.Methods[i].Value.ID)
	}
	for i := range changes.APIKeys {
		t.note(changes.APIKeys[i].Value.ID)
	}
	for i := range changes.Transfers {
		t.note(changes.Transfers[i].Value.ID)
	}
	for i := range changes.Batches {
		t.note(changes.Batches[i].Value.ID)
	}
	for i := range changes.Holds {
		t.note(changes.Holds[i].Value.ID)
	}
	for i := range changes.Payouts {
		t.note(changes.Payouts[i].Value.ID)
	}
	for i := range changes.Events {
		t.note(changes.Events[i].ID)
	}
	for i := range changes.Transactions {
		t.note(changes.Transactions[i].ID)
		for j := range changes.Transactions[i].Entries {
			t.note(changes.Transactions[i].Entries[j].ID)
		}
	}
}
