package bench_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"florin/bench"
)

func TestParseRow(t *testing.T) {
	t.Parallel()
	got, err := bench.ParseRow(strings.Split("1526342404,3307,3257,32.26,0,0", ","))
	want := bench.Payment{UserID: 3308, Minor: 3226, Device: "3257", OccurredAt: time.Unix(1526342404, 0).UTC()}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	got.Method = "pm_1"
	body := `{"user_id":3308,"amount":3226,"currency":"USD","payment_method":"pm_1","confirm":true,` +
		`"risk":{"device":"3257","occurred_at":"2018-05-15T00:00:04.000Z"}}`
	if text := bench.PaymentBody(got); text != body {
		t.Errorf("the request is %s, want %s", text, body)
	}
	for _, row := range []string{
		"1526342404,3307,3257,32.26,0",
		"2018-05-15,3307,3257,32.26,0,0",
		"1526342404,-1,3257,32.26,0,0",
		"1526342404,9223372036854775807,3257,32.26,0,0",
		`1526342404,3307,32"57,32.26,0,0`,
		"1526342404,3307,,32.26,0,0",
		"1526342404,3307,3257,7.305,0,0",
	} {
		if got, err := bench.ParseRow(strings.Split(row, ",")); err == nil {
			t.Errorf("%s: got %+v, want an error", row, got)
		}
	}
}

// transactions writes a file of n rows by 7 customers; each 10th has amount 0.
func transactions(t *testing.T, n int) string {
	t.Helper()
	var text bytes.Buffer
	packed := gzip.NewWriter(&text)
	fmt.Fprintln(packed, "time,customer_id,terminal_id,amount,fraud,scenario")
	for i := range n {
		amount := fmt.Sprintf("%d.%02d", i, i%100)
		if i%10 == 0 {
			amount = "0.0"
		}
		fmt.Fprintf(packed, "%d,%d,%d,%s,0,0\n", 1526342404+i, i%7, i%3, amount)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "transactions.csv.gz")
	if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReplayKeepsEachUsersOrder(t *testing.T) {
	t.Parallel()
	f := newFake()
	report, err := measure(t, f, func(c *bench.Config) { c.Replay, c.Limit = transactions(t, 1000), 900 })
	if err != nil {
		t.Fatal(err)
	}
	if p := report.Replay; p.Rows != 900 || p.Skipped != 90 || report.Tally.Succeeded != 810 || f.count() != 810 {
		t.Errorf("%d rows, %d skipped, %d succeeded, %d sent; want 900, 90, 810 and 810",
			p.Rows, p.Skipped, report.Tally.Succeeded, f.count())
	}
	last := map[string]string{}
	for _, p := range f.payments {
		user, at := fmt.Sprint(p["user_id"]), p["risk"].(object)["occurred_at"].(string)
		if at <= last[user] {
			t.Fatalf("user %s: %s came after %s", user, at, last[user])
		}
		last[user] = at
	}
	if len(last) != 7 || last["0"] != "" {
		t.Errorf("the users are %v, want 1 to 7", last)
	}
}

func TestReplayRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a,b\n1,2\n": "first line",
		"time,customer_id,terminal_id,amount,fraud,scenario\n1,2,3,4.555,0,0\n": "line 2",
		"time,customer_id,terminal_id,amount,fraud,scenario\n":                  "no payment",
	} {
		name := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := measure(t, newFake(), func(c *bench.Config) { c.Replay = name })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}
