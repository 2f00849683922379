package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"florin/money"
)

var (
	maxSum = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1))
	minSum = new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127))
)

func fits(v *big.Int) bool { return v.Cmp(minSum) >= 0 && v.Cmp(maxSum) <= 0 }

// aBig draws from all of a Sum's range, and a little beyond it when told.
func aBig(beyond bool) *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		bits := rapid.IntRange(0, 127).Draw(t, "bits")
		v := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		v.Add(v, big.NewInt(anInt64().Draw(t, "offset")))
		if rapid.Bool().Draw(t, "negative") {
			v.Neg(v)
		}
		if !beyond && !fits(v) {
			return big.NewInt(0)
		}
		return v
	})
}

func sumOf(t interface{ Fatalf(string, ...any) }, v *big.Int) money.Sum {
	sum, err := money.ParseSum(v.String())
	if err != nil {
		t.Fatalf("ParseSum(%s): %v", v, err)
	}
	return sum
}

// checkSum holds every view of a Sum against the true value.
func checkSum(t interface{ Fatalf(string, ...any) }, got money.Sum, want *big.Int) {
	if got.String() != want.String() {
		t.Fatalf("String: got %s, want %s", got, want)
	}
	if got.Negative() != (want.Sign() < 0) || got.IsZero() != (want.Sign() == 0) {
		t.Fatalf("%s: Negative %v, IsZero %v", want, got.Negative(), got.IsZero())
	}
	v, ok := got.Int64()
	if ok != want.IsInt64() || (ok && v != want.Int64()) {
		t.Fatalf("%s: Int64 gives %d, %v", want, v, ok)
	}
}

func TestSumOfAnInt64(t *testing.T) {
	t.Parallel()
	checkSum(t, money.Sum{}, new(big.Int))
	for _, v := range edges {
		checkSum(t, money.NewSum(v), big.NewInt(v))
	}
}

func TestSumStringAndParse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := aBig(true).Draw(t, "value")
		got, err := money.ParseSum(want.String())
		if !fits(want) {
			if !errors.Is(err, money.ErrOverflow) {
				t.Fatalf("ParseSum(%s): got %v, want ErrOverflow", want, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("ParseSum(%s): %v", want, err)
		}
		checkSum(t, got, want)
	})
}

func TestSumAddsAsBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := aBig(false).Draw(t, "a"), aBig(false).Draw(t, "b"), anInt64().Draw(t, "c")
		for _, add := range []struct {
			got  func() (money.Sum, error)
			want *big.Int
		}{
			{func() (money.Sum, error) { return sumOf(t, a).Plus(sumOf(t, b)) }, new(big.Int).Add(a, b)},
			{func() (money.Sum, error) { return sumOf(t, a).Add(c) }, new(big.Int).Add(a, big.NewInt(c))},
		} {
			got, err := add.got()
			if !fits(add.want) {
				if !errors.Is(err, money.ErrOverflow) {
					t.Fatalf("got %s and %v, want ErrOverflow for %s", got, err, add.want)
				}
				continue
			}
			if err != nil {
				t.Fatalf("got %v, want %s", err, add.want)
			}
			checkSum(t, got, add.want)
		}
	})
}

func TestSumAtTheEdges(t *testing.T) {
	t.Parallel()
	highest, lowest := sumOf(t, maxSum), sumOf(t, minSum)
	for name, c := range map[string]struct {
		s money.Sum
		v int64
	}{
		"one above the highest": {highest, 1},
		"far above":             {highest, math.MaxInt64},
		"one below the lowest":  {lowest, -1},
		"far below":             {lowest, math.MinInt64},
	} {
		if got, err := c.s.Add(c.v); !errors.Is(err, money.ErrOverflow) || !got.IsZero() {
			t.Errorf("%s: got %s and %v, want ErrOverflow", name, got, err)
		}
	}
	if got, err := highest.Plus(lowest); err != nil || got.String() != "-1" {
		t.Errorf("highest plus lowest: got %s and %v, want -1", got, err)
	}
	if _, err := lowest.Plus(lowest); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("lowest twice: got %v, want ErrOverflow", err)
	}
}

// A balance summed entry by entry is exact however far it strays on its way.
func TestSumOfMany(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want, got := new(big.Int), money.Sum{}
		for _, v := range rapid.SliceOfN(anInt64(), 0, 50).Draw(t, "entries") {
			var err error
			if got, err = got.Add(v); err != nil {
				t.Fatalf("Add(%d): %v", v, err)
			}
			want.Add(want, big.NewInt(v))
		}
		checkSum(t, got, want)
	})
}

func TestParseSumRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", "+1", "--1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "12a", "\u0661",
		strings.Repeat("1", 40), "-" + strings.Repeat("0", 40),
	} {
		if got, err := money.ParseSum(text); err == nil || errors.Is(err, money.ErrOverflow) {
			t.Errorf("ParseSum(%q): got %s and %v, want a syntax error", text, got, err)
		}
	}
	for _, text := range []string{
		"170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
		"340282366920938463463374607431768211456", "340282366920938463463374607431768211455",
		"-340282366920938463463374607431768211456", "999999999999999999999999999999999999999",
	} {
		if got, err := money.ParseSum(text); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("ParseSum(%q): got %s and %v, want ErrOverflow", text, got, err)
		}
	}
}

func FuzzParseSum(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "007", "-1", "9223372036854775807", "-9223372036854775809",
		"170141183460469231731687303715884105727", "-170141183460469231731687303715884105728",
		"1000000000000000000", "99999999999999999999999999999999999999", "x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := money.ParseSum(text)
		want, ok := new(big.Int).SetString(text, 10)
		plain := ok && !strings.ContainsAny(text, "+_") && len(strings.TrimPrefix(text, "-")) <= 39
		if (err == nil) != (plain && fits(want)) {
			t.Fatalf("ParseSum(%q): got %s and %v", text, got, err)
		}
		if err == nil {
			checkSum(t, got, want)
		}
	})
}

func TestSumMinus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, minus int64
		want        string
	}{
		{5, 7, "-2"},
		{-5, -7, "2"},
		{0, 0, "0"},
		{0, math.MinInt64, "9223372036854775808"},
		{math.MinInt64, math.MaxInt64, "-18446744073709551615"},
		{math.MinInt64, math.MinInt64, "0"},
	} {
		got, err := money.NewSum(c.from).Minus(c.minus)
		if err != nil || got.String() != c.want {
			t.Errorf("%d - %d: %s, %v, want %s", c.from, c.minus, got, err, c.want)
		}
	}
}

func TestSumText(t *testing.T) {
	t.Parallel()
	beyond, err := money.NewSum(math.MaxInt64).Add(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []money.Sum{{}, money.NewSum(-7), beyond} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got money.Sum
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s was read as %s, %v", text, got, err)
		}
	}
	var s money.Sum
	if err := json.Unmarshal([]byte(`"x"`), &s); err == nil || !s.IsZero() {
		t.Errorf("no number was read as %s", s)
	}
}
