package config

import (
	"strconv"
	"strings"
)

// lineOf returns the line, from 1, on which a field stands in a YAML text, or
// that of the innermost block around it that is found; 0 for none. Each step of
// the path is a key, with "[i]" behind it for the i-th item of its list. Only
// texts in block style are understood to the end, which is how people write.
func lineOf(text string, path []string) int {
	lines := strings.Split(text, "\n")
	from, to, found := 0, len(lines), 0
	for _, step := range path {
		key, index, isItem := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		at := findKey(lines, from, to, key)
		if at < 0 {
			return found
		}
		found = at + 1
		from, to = at+1, blockEnd(lines, at, to)
		if !isItem {
			continue
		}
		i, err := strconv.Atoi(index)
		if err != nil {
			return found
		}
		if from, to = item(lines, from, to, i); from < 0 {
			return found
		}
		found = from + 1
	}
	return found
}

// indent returns how far a line's key is indented, "- " included, and the line
// without that; -1 for a line that says nothing.
func indent(line string) (int, string) {
	rest := strings.TrimLeft(line, " ")
	if rest == "" || rest[0] == '#' {
		return -1, ""
	}
	key := strings.TrimLeft(strings.TrimPrefix(rest, "- "), " ")
	return len(line) - len(key), key
}

// findKey returns the line of a key at the outermost level of lines[from:to].
func findKey(lines []string, from, to int, key string) int {
	level := -1
	for i := from; i < to; i++ {
		at, rest := indent(lines[i])
		if at < 0 {
			continue
		}
		if level < 0 {
			level = at
		}
		if name, _, ok := strings.Cut(rest, ":"); ok && at == level && strings.Trim(name, `"' `) == key {
			return i
		}
	}
	return -1
}

// blockEnd returns the line behind the block that begins below lines[at].
func blockEnd(lines []string, at, to int) int {
	level, _ := indent(lines[at])
	for i := at + 1; i < to; i++ {
		in, _ := indent(lines[i])
		dash := strings.HasPrefix(strings.TrimLeft(lines[i], " "), "- ")
		if in >= 0 && (in < level || in == level && !dash) {
			return i
		}
	}
	return to
}

// item returns the lines of the i-th item of a list.
func item(lines []string, from, to, i int) (int, int) {
	level, start := -1, -1
	for at := from; at < to; at++ {
		rest := strings.TrimLeft(lines[at], " ")
		in := len(lines[at]) - len(rest)
		if !strings.HasPrefix(rest, "- ") && rest != "-" || level >= 0 && in != level {
			continue
		}
		level = in
		switch i {
		case 0:
			start = at
		case -1:
			return start, at
		}
		i--
	}
	return start, to
}
