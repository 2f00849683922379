package store

import "florin/ident"

// Keyset is a sealed keyset of the vault.
type Keyset struct {
	Name   string
	Sealed []byte
}

// Fill is rows as they stand in another store, to be put into a new one. All of
// Changes' are new; its transactions come without their entries, and Group and
// what concerns claims are left out.
type Fill struct {
	Changes
	Claims  []Claim
	Keysets []Keyset
	// Entries ascend by their ids. Those of users' accounts keep seq and balance;
	// a system account's are given the next ones of the account's slot 0.
	Entries []Posted
}

// Move is what a store keeps of its being moved to another one. The zero Move is
// that of a store that is not.
type Move struct {
	// Copy names the copy: another try after one that was given up has another name.
	Copy ident.ID
	// Target is the store that it is moved to.
	Target string
	// Done: it was moved, and is not served any more.
	Done bool
}
