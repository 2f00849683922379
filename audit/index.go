package audit

import (
	"bytes"
	"slices"
	"sort"

	"florin/ident"
)

// index finds rows by id. It is filled, then sorted once, and then searched.
type index[T any] struct{ rows []indexed[T] }

type indexed[T any] struct {
	id    ident.ID
	value T
}

func (x *index[T]) add(id ident.ID, value T) {
	x.rows = append(x.rows, indexed[T]{id, value})
}

// sort makes it ready to be searched.
func (x *index[T]) sort() {
	slices.SortFunc(x.rows, func(a, b indexed[T]) int { return bytes.Compare(a.id[:], b.id[:]) })
}

// finger is where a reader's last search ended. Rows are asked for in nearly
// their own order, so the next one is near.
type finger int

// find returns the rows of that id, mostly one.
func (x *index[T]) find(f *finger, id ident.ID) []indexed[T] {
	low, high := x.around(int(*f), id)
	first := low + sort.Search(high-low, func(i int) bool { return !x.before(low+i, id) })
	last := first
	for last < len(x.rows) && x.rows[last].id == id {
		last++
	}
	*f = finger(first)
	return x.rows[first:last]
}

// one returns the row of that id, the first if there are more; nil for none.
func (x *index[T]) one(f *finger, id ident.ID) *T {
	if rows := x.find(f, id); len(rows) > 0 {
		return &rows[0].value
	}
	return nil
}

// around returns bounds for the first row that is not before id: all rows before
// low are, and the one at high, if any, is not. It looks further and further
// away from at.
func (x *index[T]) around(at int, id ident.ID) (low, high int) {
	if at < len(x.rows) && x.before(at, id) {
		low = at + 1
		for step := 1; ; step *= 2 {
			switch {
			case low+step >= len(x.rows):
				return low, len(x.rows)
			case !x.before(low+step, id):
				return low, low + step
			}
			low += step + 1
		}
	}
	high = at
	for step := 1; ; step *= 2 {
		switch {
		case high-step < 0:
			return 0, high
		case x.before(high-step, id):
			return high - step + 1, high
		}
		high -= step
	}
}

func (x *index[T]) before(i int, id ident.ID) bool {
	return bytes.Compare(x.rows[i].id[:], id[:]) < 0
}
