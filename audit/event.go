package audit

import (
	"math/bits"

	"florin/event"
	"florin/ident"
)

// event takes an event, and crosses its object's version off.
func (s *shard) event(e event.Stored) error {
	s.row(e.ID)
	s.totals.Events++
	s.placed(ident.Event, e.ID, e.UserID)
	s.check(Told)
	o := s.objects.one(&s.objectAt, e.Object)
	switch {
	case o == nil && e.Kind == ident.Transaction && e.Version == 1 && s.mayBeGone(e.Object):
		return nil // an adjustment, gone in a closed month, whose event came after its end
	case o == nil || kinds[o.kind] != e.Kind:
		s.fail(Told, ident.Event, e.ID, "is of a %s that is not there, version %d", e.Kind, e.Version)
		return nil
	case o.user != e.UserID:
		s.fail(Told, ident.Event, e.ID, "is user %d's, its %s user %d's", e.UserID, e.Object.Text(e.Kind), o.user)
	}
	switch {
	case e.Version < 1 || e.Version > int64(o.version):
		s.fail(Told, ident.Event, e.ID, "is of version %d of %s, which has %d", e.Version, e.Object.Text(e.Kind), o.version)
	case e.Version > maxSeen:
		s.late[e.Object] = append(s.late[e.Object], e.Version)
		s.fits(e.Event, o)
	case o.seen&(1<<(e.Version-1)) != 0:
		s.fail(Told, ident.Event, e.ID, "is the second of version %d of %s", e.Version, e.Object.Text(e.Kind))
	default:
		o.seen |= 1 << (e.Version - 1)
		s.fits(e.Event, o)
	}
	return nil
}

// fits names an event that tells of its object what is not so.
func (s *shard) fits(e event.Event, o *object) {
	if !o.fits(e) {
		s.fail(Told, ident.Event, e.ID, "tells %q of version %d of %s, which has %d and is not so",
			e.Type, e.Version, e.Object.Text(e.Kind), o.version)
	}
}

// maxSeen is the greatest version that has its bit in an object.
const maxSeen = 64

// untold names the objects of which a version has no event.
func (s *shard) untold() {
	s.objects.all(func(id ident.ID, o *object) {
		told := int64(bits.OnesCount64(o.seen|firstBits(o.closed))) + max(0, int64(o.closed)-maxSeen)
		if late := s.late[id]; len(late) > 0 {
			told += s.lateTold(id, *o, late)
		}
		if told < int64(o.version) || o.closed > o.version {
			s.fail(Told, kinds[o.kind], id, "has %d versions, and events of %d", o.version, told)
		}
	})
}

// lateTold counts the different versions above maxSeen and behind the closed ones, and names those that are
// there twice.
func (s *shard) lateTold(id ident.ID, o object, versions []int64) int64 {
	seen := map[int64]bool{}
	for _, version := range versions {
		if seen[version] {
			s.fail(Told, kinds[o.kind], id, "has a second event of version %d", version)
		}
		seen[version] = true
	}
	told := int64(0)
	for version := range seen {
		if version > int64(o.closed) { // the others are counted
			told++
		}
	}
	return told
}

// firstBits are the bits of versions 1 to n.
func firstBits(n int32) uint64 {
	if n >= maxSeen {
		return ^uint64(0)
	}
	return 1<<n - 1
}
