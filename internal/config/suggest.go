package config

import (
	"fmt"
	"reflect"
	"time"
)

// blocks are the types whose fields a file may name.
var blocks = []reflect.Type{
	reflect.TypeFor[Config](), reflect.TypeFor[Gateway](), reflect.TypeFor[Fraud](), reflect.TypeFor[Commit](),
	reflect.TypeFor[Vault](), reflect.TypeFor[RateLimit](), reflect.TypeFor[Cluster](), reflect.TypeFor[Master](),
	reflect.TypeFor[Replica](), reflect.TypeFor[Pool](), reflect.TypeFor[Shard](),
}

// suggest says which of a type's fields may have been meant; "" for none.
func suggest(wrong, goType string) string {
	best, least := "", 1+max(1, len(wrong)/3)
	for _, block := range blocks {
		if block.String() != goType {
			continue
		}
		for _, field := range reflect.VisibleFields(block) {
			name := field.Tag.Get("yaml")
			if d := distance(wrong, name); name != "" && name != "-" && d < least {
				best, least = name, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; is it " + best + "?"
}

// distance returns how many letters must be put in, left out, replaced or swapped
// with the next one to make one word of another (Damerau's and Levenshtein's).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i][j-1]+1, rows[i-1][j]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// checkUnits refuses a time without a unit, which would be so many nanoseconds,
// and notes which fields the file has.
func (c *Config) checkUnits(values map[string]any) error {
	return c.unitsOf(reflect.TypeFor[Config](), values, "")
}

func (c *Config) unitsOf(block reflect.Type, value any, path string) error {
	for _, field := range reflect.VisibleFields(block) {
		name := field.Tag.Get("yaml")
		held := member(value, name)
		if name == "" || held == nil {
			continue
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		if c.source.given != nil {
			c.source.given[at] = true
		}
		kind := field.Type
		if list := member(held, "list"); kind == reflect.TypeFor[Shards]() && list != nil {
			kind, held = reflect.TypeFor[[]Shard](), list
		}
		number, bare := held.(int)
		switch {
		case kind == reflect.TypeFor[time.Duration]() && bare && number != 0:
			return c.source.at(at, "%d has no unit: write a unit, as in %ds", number, number)
		case kind.Kind() == reflect.Struct:
			if err := c.unitsOf(kind, held, at); err != nil {
				return err
			}
		case kind.Kind() == reflect.Slice:
			items, _ := held.([]any)
			for i, item := range items {
				if err := c.unitsOf(kind.Elem(), item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// member returns what stands under a name in a block; nil when nothing does.
func member(block any, name string) any {
	switch block := block.(type) {
	case map[string]any:
		return block[name]
	case map[any]any:
		return block[name]
	}
	return nil
}
