package commit

import (
	"slices"

	"florin/ident"
	"florin/store"
	"florin/wallet"
)

// Hold returns a hold, as Payment does a payment.
func (v *View) Hold(id ident.ID) (wallet.Hold, error) {
	if h, ok := v.state.Holds[id]; ok {
		return h, nil
	}
	if slices.Contains(v.asked.Holds, id) {
		return wallet.Hold{}, notFound(ident.Hold, id)
	}
	return wallet.Hold{}, &NeedKeys{store.Keys{Holds: []ident.ID{id}}}
}

func (v *View) applyWallet(d *Decision) {
	for _, h := range d.Holds {
		v.state.Holds[h.Value.ID] = h.Value
		putChange(&v.changes.Holds, v.dirty.holds, h.Value.ID, h)
	}
	for _, p := range d.Payouts {
		putChange(&v.changes.Payouts, v.dirty.payouts, p.Value.ID, p)
	}
}
