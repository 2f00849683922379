package audit

import (
	"florin/ident"
	"florin/payment"
)

// batch takes a batch: its versions must be told, and what it counts must be
// what is done.
func (s *shard) batch(b payment.Batch) error {
	s.row(b.ID)
	s.placed(ident.Batch, b.ID, b.UserID)
	s.objects.add(b.ID, object{user: b.UserID, version: int32(b.Version), kind: batchKind})
	s.check(Consistent)
	if err := b.Check(); err != nil {
		s.fail(Consistent, ident.Batch, b.ID, "is inconsistent: %v", err)
	}
	return nil
}
