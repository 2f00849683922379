package audit

import (
	"bytes"
	"sort"

	"florin/ident"
)

// index finds rows by id. It is filled, then sorted once, and then searched. Its
// rows stand in chunks, so that growing copies nothing and leaves nothing behind.
type index[T any] struct {
	chunks [][]indexed[T] // all full but the last
	len    int
}

type indexed[T any] struct {
	id    ident.ID
	value T
}

const (
	chunkBits = 13
	chunkSize = 1 << chunkBits
)

func (x *index[T]) at(i int) *indexed[T] { return &x.chunks[i>>chunkBits][i&(chunkSize-1)] }

func (x *index[T]) add(id ident.ID, value T) {
	if x.len&(chunkSize-1) == 0 {
		x.chunks = append(x.chunks, make([]indexed[T], 0, chunkSize))
	}
	last := &x.chunks[len(x.chunks)-1]
	*last = append(*last, indexed[T]{id, value})
	x.len++
}

// sort makes it ready to be searched.
func (x *index[T]) sort() { sort.Sort((*byID[T])(x)) }

// byID is an index as sort.Sort wants it.
type byID[T any] index[T]

// Len implements sort.Interface.
func (x *byID[T]) Len() int { return x.len }

// Less implements sort.Interface.
func (x *byID[T]) Less(i, j int) bool {
	a, b := (*index[T])(x).at(i), (*index[T])(x).at(j)
	return bytes.Compare(a.id[:], b.id[:]) < 0
}

// Swap implements sort.Interface.
func (x *byID[T]) Swap(i, j int) {
	a, b := (*index[T])(x).at(i), (*index[T])(x).at(j)
	*a, *b = *b, *a
}

// finger is where a reader's last search ended. Rows are asked for in nearly
// their own order, so the next one is near.
type finger int

// find returns the place of the first row of that id, or of the row behind where
// it would be.
func (x *index[T]) find(f *finger, id ident.ID) int {
	low, high := x.around(int(*f), id)
	first := low + sort.Search(high-low, func(i int) bool { return !x.before(low+i, id) })
	*f = finger(first)
	return first
}

// one returns the row of that id, the first if there are more; nil for none.
func (x *index[T]) one(f *finger, id ident.ID) *T {
	if i := x.find(f, id); i < x.len && x.at(i).id == id {
		return &x.at(i).value
	}
	return nil
}

// each visits the rows of that id.
func (x *index[T]) each(f *finger, id ident.ID, visit func(*T)) {
	for i := x.find(f, id); i < x.len && x.at(i).id == id; i++ {
		visit(&x.at(i).value)
	}
}

// all visits every row.
func (x *index[T]) all(visit func(id ident.ID, value *T)) {
	for _, chunk := range x.chunks {
		for i := range chunk {
			visit(chunk[i].id, &chunk[i].value)
		}
	}
}

// around returns bounds for the first row that is not before id: all rows before
// low are, and the one at high, if any, is not. It looks further and further
// away from at.
func (x *index[T]) around(at int, id ident.ID) (low, high int) {
	if at < x.len && x.before(at, id) {
		low = at + 1
		for step := 1; ; step *= 2 {
			switch {
			case low+step >= x.len:
				return low, x.len
			case !x.before(low+step, id):
				return low, low + step
			}
			low += step + 1
		}
	}
	high = min(at, x.len)
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
	return bytes.Compare(x.at(i).id[:], id[:]) < 0
}
