package commit

import (
	"slices"

	"florin/ident"
	"florin/store"
	"florin/wallet"
)

// Transfer returns a transfer of the shard's senders, as Payment does a payment.
func (v *View) Transfer(id ident.ID) (wallet.Transfer, error) {
	if t, ok := v.state.Transfers[id]; ok {
		return t, nil
	}
	if slices.Contains(v.asked.Transfers, id) {
		return wallet.Transfer{}, notFound(ident.Transfer, id)
	}
	return wallet.Transfer{}, &NeedKeys{store.Keys{Transfers: []ident.ID{id}}}
}

// Received returns what the shard has decided about a transfer from another, as
// Payment does a payment.
func (v *View) Received(id ident.ID) (wallet.Transfer, error) {
	if t, ok := v.state.Received[id]; ok {
		return t, nil
	}
	if slices.Contains(v.asked.Received, id) {
		return wallet.Transfer{}, notFound(ident.Transfer, id)
	}
	return wallet.Transfer{}, &NeedKeys{store.Keys{Received: []ident.ID{id}}}
}

func (v *View) applyTransfer(c *wallet.TransferChanges, received bool) {
	switch {
	case !c.Changed:
	case received:
		v.state.Received[c.Transfer.ID] = c.Transfer
		v.changes.Received = append(v.changes.Received, c.Transfer)
	default:
		v.state.Transfers[c.Transfer.ID] = c.Transfer
		putChange(&v.changes.Transfers, v.dirty.transfers, c.Transfer.ID, c.Change())
	}
	v.emit(c.Events)
}
