package audit

import (
	"slices"

	"florin/ident"
	"florin/store"
)

// claim takes an idempotency key: what it made is there, and it is one of those
// that callers used.
func (s *shard) claim(c store.Claim) error {
	s.totals.Claims++
	s.check(Consistent)
	s.made(c)
	if c.Kind != ident.Payment {
		return nil
	}
	want := usedKey{hash: hashOf(c.UserID, c.Key), payment: c.Object}
	i, ok := slices.BinarySearchFunc(s.told.keys, want, compareKeys)
	if ok {
		s.told.kept[i].Store(true)
	}
	return nil
}

// made checks that what a claim made, or acts on, is there. A transfer that was
// declined is not, and its claim has the answer, which no other has. Of a
// confirmation the claim names an attempt, which need not have been made: its
// payment is what it must not lose. API keys are not audited.
func (s *shard) made(c store.Claim) {
	if c.Kind == ident.Attempt || c.Kind == ident.APIKey {
		return
	}
	made := s.objects.one(&s.objectAt, c.Object)
	if made == nil && c.Kind == ident.Transaction && s.mayBeGone(c.Object) {
		return // a settlement
	}
	switch declined := c.Kind == ident.Transfer && c.Answer != nil; {
	case declined && made == nil:
	case declined:
		s.fail(Consistent, c.Kind, c.Object, "was declined under a key of user %d, and is there", c.UserID)
	case made == nil || made.user != c.UserID || kinds[made.kind] != c.Kind:
		s.fail(Consistent, c.Kind, c.Object, "was made under a key of user %d, and is not there", c.UserID)
	}
}
