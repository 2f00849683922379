package ident_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/ident"
)

var kinds = []ident.Kind{
	ident.Payment, ident.Attempt, ident.Capture, ident.Refund, ident.Reversal, ident.PaymentMethod, ident.Event,
	ident.Transaction, ident.Entry, ident.Transfer, ident.Hold, ident.Payout, ident.Dispute, ident.Webhook, ident.APIKey,
	ident.Request, ident.Group,
}

// issue returns one id as a Source at that moment gives it.
func issue(region uint8, at time.Time, chance uint64, userID int64) ident.ID {
	return ident.NewSource(region, func() time.Time { return at }, func() uint64 { return chance }).New(userID)
}

func aMoment() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(1, 1<<48-1), time.UnixMilli)
}

func aUser() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Min(1),
		rapid.SampledFrom([]int64{1, ident.Buckets - 1, ident.Buckets, ident.Buckets + 1, 1<<63 - 1, 1 << 62}),
	)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	var vectors []struct {
		Text    string
		Kind    ident.Kind
		Millis  int64
		Counter int64
		Chance  uint64
		Region  uint8
		UserID  int64 `json:"user_id"`
		Bucket  uint16
	}
	text, err := os.ReadFile("testdata/ids.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		id, err := ident.Parse(v.Kind, v.Text)
		if err != nil {
			t.Errorf("%s: %v", v.Text, err)
			continue
		}
		low := 1<<63 | v.Chance<<18 | uint64(v.Region)<<16 | uint64(v.Bucket)
		if made := ident.FromHalves(v.Millis<<12|v.Counter, int64(low)); made != id {
			t.Errorf("%s: FromHalves gives %s", v.Text, made.Text(v.Kind))
		}
		if id.Millis() != v.Millis || !id.Time().Equal(time.UnixMilli(v.Millis)) || id.Time().Location() != time.UTC {
			t.Errorf("%s: Millis %d, Time %v", v.Text, id.Millis(), id.Time())
		}
		if id.High() != v.Millis<<12|v.Counter || id.Low() != int64(low) {
			t.Errorf("%s: High %x, Low %x", v.Text, id.High(), id.Low())
		}
		if id.Region() != v.Region || id.Bucket() != v.Bucket || ident.Bucket(v.UserID) != v.Bucket {
			t.Errorf("%s: Region %d, Bucket %d, the user's %d", v.Text, id.Region(), id.Bucket(), ident.Bucket(v.UserID))
		}
		if v.Counter == 0 && v.Millis > 0 && issue(v.Region, id.Time(), v.Chance, v.UserID) != id {
			t.Errorf("%s: a Source gives another id", v.Text)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		region := rapid.Uint8Range(0, 3).Draw(t, "region")
		at, userID := aMoment().Draw(t, "at"), aUser().Draw(t, "user")
		id := issue(region, at, rapid.Uint64().Draw(t, "chance"), userID)

		text := id.Text(kind)
		back, err := ident.Parse(kind, text)
		if err != nil || back != id {
			t.Fatalf("Parse(%s): got %v and %v", text, back, err)
		}
		if got := string(id.Append([]byte("x"), kind)); got != "x"+text {
			t.Fatalf("Append: got %s, want x%s", got, text)
		}
		if ident.FromHalves(id.High(), id.Low()) != id {
			t.Fatalf("%s: FromHalves(%x, %x) is another id", text, id.High(), id.Low())
		}
		if id.Millis() != at.UnixMilli() || id.Region() != region || id.IsZero() {
			t.Fatalf("%s: Millis %d, Region %d", text, id.Millis(), id.Region())
		}
	})
}

// An id, its user, and the design's formula agree on the shard.
func TestShards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		userID := aUser().Draw(t, "user")
		id := issue(0, time.UnixMilli(1), rapid.Uint64().Draw(t, "chance"), userID)
		if got := int64(id.Bucket()); got != userID%ident.Buckets || got != int64(ident.Bucket(userID)) {
			t.Fatalf("bucket of %d: got %d, want %d", userID, got, userID%ident.Buckets)
		}
		for n := 1; n <= ident.Buckets; n *= 2 {
			want := int(userID % int64(n))
			if id.Shard(n) != want || ident.Shard(userID, n) != want {
				t.Fatalf("shard of %d among %d: got %d and %d, want %d", userID, n, id.Shard(n),
					ident.Shard(userID, n), want)
			}
		}
	})
}

func TestZero(t *testing.T) {
	t.Parallel()
	var zero ident.ID
	if !zero.IsZero() || zero.Text(ident.Payment) != "" || len(zero.Append(nil, ident.Payment)) != 0 {
		t.Errorf("the zero id: %v, %q", zero.IsZero(), zero.Text(ident.Payment))
	}
	if _, err := ident.Parse(ident.Payment, ""); !errors.Is(err, ident.ErrSyntax) {
		t.Errorf("Parse of nothing: got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := issue(1, time.UnixMilli(1735689600000), 0xabcdef, 7).Text(ident.Payment)
	if _, err := ident.Parse(ident.Payment, good); err != nil {
		t.Fatal(err)
	}
	digits := strings.TrimPrefix(good, "pay_")
	replaced := func(i int, c string) string { return "pay_" + digits[:i] + c + digits[i+1:] }
	for name, text := range map[string]string{
		"another kind":       "ref_" + digits,
		"a longer kind":      "payx_" + digits,
		"a shorter kind":     "pa_" + digits,
		"no kind":            digits,
		"no underscore":      "pay-" + digits,
		"capital digits":     "pay_" + strings.ToUpper(digits),
		"a capital kind":     "PAY_" + digits,
		"too short":          good[:len(good)-1],
		"too long":           good + "0",
		"a space behind":     good[:len(good)-1] + " ",
		"version 4":          replaced(12, "4"),
		"version 0":          replaced(12, "0"),
		"version 15":         replaced(12, "f"),
		"variant 00":         replaced(16, "0"),
		"variant 01":         replaced(16, "7"),
		"variant 11":         replaced(16, "c"),
		"no digit":           replaced(20, "g"),
		"a slash":            replaced(20, "/"),
		"a colon":            replaced(20, ":"),
		"a grave":            replaced(20, "`"),
		"a UUID with dashes": "pay_01941f29-7c00-7000-8000-000000000000",
		"nothing":            "",
		"the zero id":        "pay_" + strings.Repeat("0", 32),
	} {
		if id, err := ident.Parse(ident.Payment, text); !errors.Is(err, ident.ErrSyntax) || !id.IsZero() {
			t.Errorf("%s: Parse(%q) gives %v and %v, want ErrSyntax", name, text, id, err)
		}
	}
}

// Ids compare as their texts and as their halves do.
func TestCompare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) ident.ID {
			at := time.UnixMilli(rapid.Int64Range(1, 3).Draw(t, name))
			return issue(0, at, rapid.Uint64Range(0, 2).Draw(t, name), rapid.Int64Range(1, 3).Draw(t, name))
		}
		a, b := draw("a"), draw("b")
		want := strings.Compare(a.Text(ident.Payment), b.Text(ident.Payment))
		if a.Compare(b) != want || b.Compare(a) != -want || (want == 0) != (a == b) {
			t.Fatalf("Compare: got %d and %d, want %d", a.Compare(b), b.Compare(a), want)
		}
		if a.High() < b.High() && want != -1 {
			t.Fatalf("%x < %x, and yet Compare gives %d", a.High(), b.High(), want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("pay", "pay_01941f297c0070008000000000000001")
	f.Add("hold", "hold_01941f297c0070008000000000000001")
	f.Add("pm", "pm_01941F297c0070008000000000000001")
	f.Add("", "_01941f297c0070008000000000000001")
	f.Fuzz(func(t *testing.T, kind, text string) {
		id, err := ident.Parse(ident.Kind(kind), text)
		if err != nil {
			if !errors.Is(err, ident.ErrSyntax) || !id.IsZero() {
				t.Fatalf("Parse(%q): %v and %v", text, id, err)
			}
			return
		}
		if got := id.Text(ident.Kind(kind)); got != text {
			t.Fatalf("Parse(%q) writes itself as %q", text, got)
		}
		if ident.FromHalves(id.High(), id.Low()) != id {
			t.Fatalf("Parse(%q): its halves make another id", text)
		}
	})
}
