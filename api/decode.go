package api

import (
	"cmp"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"florin/problem"
)

// decoder reads one JSON text strictly, value by value: the caller says what
// must come next. The first error ends it, and all further reads return zeros;
// the error names the field by its path. A member that is null counts as left
// out.
type decoder struct {
	data    []byte
	pos     int
	path    [maxDepth]step
	depth   int
	scratch []byte // the last string that had escapes
	err     *problem.Problem
}

// maxDepth is as deep as requests go.
const maxDepth = 6

// step is where a value stands in the one around it: a member has a name, an
// element an index, and index is -1 for a member.
type step struct {
	name  string
	index int
}

// reset makes d read data.
func (d *decoder) reset(data []byte) {
	d.data, d.pos, d.depth, d.err = data, 0, 0, nil
}

// finish returns what was wrong, if anything. A text that is no JSON is told as
// that, whatever else was seen first.
func (d *decoder) finish() error {
	if d.err == nil {
		if d.peek(); d.pos < len(d.data) {
			d.broken()
		}
	}
	if d.err == nil {
		return nil
	}
	d.isJSON()
	return d.err
}

// isJSON tells whether the whole text is JSON, and if not says so.
func (d *decoder) isJSON() bool {
	if json.Valid(d.data) {
		return true
	}
	d.broken()
	return false
}

// invalid says what is wrong with the present value.
func (d *decoder) invalid(detail string, args ...any) {
	if d.err == nil {
		d.err = problem.Invalid(cmp.Or(d.where(), wholeBody), detail, args...)
	}
}

// wholeBody is what a problem names that is about the body itself.
const wholeBody = "body"

// invalidMember says what is wrong with a member of the present value.
func (d *decoder) invalidMember(name, detail string, args ...any) {
	if d.err != nil {
		return
	}
	d.err = problem.Invalid(name, detail, args...)
	if prefix := d.where(); prefix != "" {
		d.err = d.err.In(prefix)
	}
}

// broken says that the text is no JSON at the present position.
func (d *decoder) broken() {
	d.err = problem.New(problem.InvalidJSON, "the body is not valid JSON at byte %d", d.pos)
	d.pos = len(d.data)
}

// where returns the path of the present value.
func (d *decoder) where() string {
	var path []byte
	for _, s := range d.path[:d.depth] {
		switch {
		case s.name == "" && s.index < 0: // the name itself is being read
		case s.index >= 0:
			path = append(strconv.AppendInt(append(path, '['), int64(s.index), 10), ']')
		case len(path) > 0:
			path = append(append(path, '.'), s.name...)
		default:
			path = append(path, s.name...)
		}
	}
	return string(path)
}

// peek returns the next byte that is no white space, or 0 at the end: no value
// begins with a byte of 0 either.
func (d *decoder) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

// members reads an object whose members are among names, each once at most, and
// calls read with the name of each that is not null. An amount is never null: it
// might stand for all there is.
func (d *decoder) members(names []string, read func(name string)) {
	seen := uint32(0)
	d.object(func(key []byte) {
		i := 0
		for i < len(names) && names[i] != string(key) {
			i++
		}
		if i == len(names) {
			d.enter(step{index: -1, name: shown(key)})
			d.invalid("is not a known field")
			return
		}
		d.enter(step{index: -1, name: names[i]})
		if seen&(1<<i) != 0 {
			d.invalid("stands twice")
		}
		seen |= 1 << i
		if d.err == nil && (names[i] == "amount" || !d.null()) {
			read(names[i])
		}
	})
}

// shown returns a key that is not known, as far as a problem repeats it.
func shown(key []byte) string {
	const most = 64
	text := string(key[:min(len(key), most)])
	return string([]rune(text)) // valid UTF-8
}

// enter says where the value stands that is read next.
func (d *decoder) enter(s step) { d.path[d.depth-1] = s }

// nest goes one level down.
func (d *decoder) nest() bool {
	if d.depth == maxDepth {
		d.invalid("is nested too deep")
		return false
	}
	d.pos++
	d.depth++
	return true
}

// object reads an object and calls member with each key; the key is good until
// the next string is read.
func (d *decoder) object(member func(key []byte)) {
	if d.err != nil {
		return
	}
	if d.peek() != '{' {
		d.invalid("must be an object")
		return
	}
	if !d.nest() {
		return
	}
	if d.peek() == '}' {
		d.pos++
		d.depth--
		return
	}
	for d.err == nil {
		d.enter(step{index: -1})
		if d.peek() != '"' {
			d.broken()
			return
		}
		key := d.quoted()
		if d.err == nil && d.peek() != ':' {
			d.broken()
		}
		if d.err != nil {
			return
		}
		d.pos++
		member(key)
		if d.next('}') {
			return
		}
	}
}

// array reads an array and calls element before each of its values.
func (d *decoder) array(element func(index int)) {
	if d.err != nil {
		return
	}
	if d.peek() != '[' {
		d.invalid("must be an array")
		return
	}
	if !d.nest() {
		return
	}
	if d.peek() == ']' {
		d.pos++
		d.depth--
		return
	}
	for i := 0; d.err == nil; i++ {
		d.enter(step{index: i})
		element(i)
		if d.next(']') {
			return
		}
	}
}

// next goes over the comma to the next member or element, or over the closing
// bracket, and tells whether it was that.
func (d *decoder) next(closing byte) (closed bool) {
	if d.err != nil {
		return false
	}
	switch d.peek() {
	case ',':
		d.pos++
		return false
	case closing:
		d.pos++
		d.depth--
		return true
	}
	d.broken()
	return false
}

// null goes over a null and tells whether there was one.
func (d *decoder) null() bool { return d.peek() == 'n' && d.literal("null") }

func (d *decoder) literal(word string) bool {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		d.broken()
		return false
	}
	d.pos += len(word)
	return true
}

// boolean reads true or false.
func (d *decoder) boolean() bool {
	if d.err != nil {
		return false
	}
	switch d.peek() {
	case 't':
		return d.literal("true")
	case 'f':
		d.literal("false")
	default:
		d.invalid("must be true or false")
	}
	return false
}

// text reads a string, valid Unicode without NUL, of as many characters at most.
func (d *decoder) text(most int) string {
	if d.err != nil {
		return ""
	}
	if d.peek() != '"' {
		d.invalid("must be a string")
		return ""
	}
	quoted := d.quoted()
	if d.err != nil {
		return ""
	}
	if len(quoted) > most && utf8.RuneCount(quoted) > most {
		d.invalid("has more than %d characters", most)
		return ""
	}
	return string(quoted)
}
