package commit

import (
	"slices"

	"florin/access"
	"florin/ident"
	"florin/store"
)

// APIKey returns an API key, as Payment does a payment.
func (v *View) APIKey(id ident.ID) (access.APIKey, error) {
	if k, ok := v.state.APIKeys[id]; ok {
		return k, nil
	}
	if slices.Contains(v.asked.APIKeys, id) {
		return access.APIKey{}, notFound(ident.APIKey, id)
	}
	return access.APIKey{}, &NeedKeys{store.Keys{APIKeys: []ident.ID{id}}}
}
