package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"florin/api"
	"florin/problem"
)

func validText(texts ...string) bool {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return false
		}
	}
	return true
}

// anyJSON draws JSON of the members a to e, at most four levels deep.
func anyJSON(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Map(rapid.Int32(), func(v int32) any { return float64(v) }),
		rapid.Map(rapid.String(), func(s string) any { return strings.ReplaceAll(s, "\x00", "0") }),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	return rapid.OneOf(append(leaves,
		rapid.Map(rapid.MapOfN(name, anyJSON(depth-1), 0, 5), func(m map[string]any) any { return m }),
		rapid.Map(rapid.SliceOfN(anyJSON(depth-1), 0, 5), func(a []any) any { return a }),
	)...)
}

// withoutNulls drops members that are null, as the decoder does.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			if value != nil {
				out[name] = withoutNulls(value)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, value := range v {
			out = append(out, withoutNulls(value))
		}
		return out
	}
	return v
}

func TestDecoderReadsWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyJSON(4).Draw(t, "value")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "indented") {
			var b bytes.Buffer
			_ = json.Indent(&b, text, "\r\n ", "\t")
			text = b.Bytes()
		}
		var d api.Decoder
		got, err := d.Any(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(withoutNulls(want), got); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

// FuzzDecoder holds the decoder against encoding/json: what one calls broken the
// other does too, and what it reads is the same.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[true,false,null,"x"],"c":{"d":-0}}`, `"\ud83d\ude00\u00e9\n"`, `"\ud83d"`, `[1.5]`, `{"a":1,"a":2}`,
		`{"z":1}`, "\"\xff\"", `[[[[[[[[]]]]]]]]`, `01`, `-`, ` 1 `, `"\u0000"`, `{"a"`, `nul`, `[1,]`, "\x00",
		`9223372036854775807`, `-9223372036854775808`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d api.Decoder
		got, err := d.Any(bytes.Clone(text))
		var p *problem.Problem
		if err != nil && !errors.As(err, &p) {
			t.Fatalf("%q: %v is no problem", text, err)
		}
		if broken := p != nil && p.Code == problem.InvalidJSON; broken == json.Valid(text) {
			t.Fatalf("%q: valid %v, told %v", text, json.Valid(text), err)
		}
		if err != nil {
			return
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !reflect.DeepEqual(withoutNulls(want), got) {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	})
}

// FuzzPayment holds that a payment that is let through keeps the rules.
func FuzzPayment(f *testing.F) {
	f.Add([]byte(simple))
	for _, c := range paymentErrors {
		f.Add([]byte(with(c.member)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d api.Decoder
		r, err := d.Payment(bytes.Clone(text))
		var p *problem.Problem
		if err != nil {
			if !errors.As(err, &p) || p.Code != problem.InvalidJSON && p.Code != problem.InvalidParameter {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q was let through", text)
		}
		if r.UserID <= 0 || r.Amount.Minor <= 0 || r.Amount.Minor > r.Amount.Currency.MaxMinor() {
			t.Fatalf("%q: %+v", text, r)
		}
		details := r.Details
		if !validText(details.Description, details.ReturnURL, r.Method) || len(details.Metadata) > 50 ||
			strings.Contains(details.Description, "\x00") {
			t.Fatalf("%q: %+v", text, details)
		}
	})
}
