package sqlite

import (
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"florin/ident"
	"florin/money"
)

// How the domain's values stand in columns.

// bindID binds an id as its two halves; the zero id is 0, 0.
func (s *stmt) bindID(id ident.ID) {
	if id.IsZero() {
		s.bindInt(0)
		s.bindInt(0)
		return
	}
	s.bindInt(id.High())
	s.bindInt(id.Low())
}

// id reads what bindID wrote.
func (s *stmt) id() ident.ID {
	high, low := s.int(), s.int()
	if high == 0 && low == 0 {
		return ident.ID{}
	}
	return ident.FromHalves(high, low)
}

func (s *stmt) bindBool(v bool) {
	if v {
		s.bindInt(1)
	} else {
		s.bindInt(0)
	}
}

func (s *stmt) bool() bool { return s.int() != 0 }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// time reads milliseconds; 0 and NULL are the zero time.
func (s *stmt) time() time.Time {
	if v := s.int(); v != 0 {
		return time.UnixMilli(v).UTC()
	}
	return time.Time{}
}

// bindSum binds an integer, or a decimal text beyond 64 bits.
func (s *stmt) bindSum(sum money.Sum) {
	if v, ok := sum.Int64(); ok {
		s.bindInt(v)
		return
	}
	s.bindText(sum.String())
}

func (s *stmt) sum() (money.Sum, error) {
	if s.kind() == sqlite3.SQLITE_INTEGER {
		return money.NewSum(s.int()), nil
	}
	return money.ParseSum(s.text())
}
