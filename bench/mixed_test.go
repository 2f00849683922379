package bench_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/bench"
)

// day is a fake that knows all that the mixed load asks for, and its users'
// wallets.
type day struct {
	*fake
	t           *testing.T
	mu          sync.Mutex
	counts      map[string]int
	manual      map[string]object // authorized, not captured
	paid        map[string]object // succeeded, not refunded
	wallets     map[string]int64
	adjustments map[string]bool // by transaction_id
}

func newDay(t *testing.T) *day {
	d := &day{
		fake: newFake(), t: t, counts: map[string]int{}, manual: map[string]object{}, paid: map[string]object{},
		wallets: map[string]int64{}, adjustments: map[string]bool{},
	}
	d.turn = d.pay
	d.HandleFunc("POST /api/v1/payments/{id}/capture", d.capture)
	d.HandleFunc("POST /api/v1/refunds", d.refund)
	d.HandleFunc("POST /api/v1/wallets/{user}/adjustments", d.adjust)
	d.HandleFunc("POST /api/v1/transfers", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		in := read(r)
		answer(w, http.StatusCreated, object{
			"id": "trf_" + d.count("transfers"), "from_user_id": in["from_user_id"], "amount": in["amount"],
			"status": "succeeded",
		})
	})
	return d
}

// count counts one, and returns its number.
func (d *day) count(what string) string {
	d.counts[what]++
	return strconv.Itoa(d.counts[what])
}

func (d *day) pay(w http.ResponseWriter, in object) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := object{
		"id": "pay_" + d.count("payments"), "user_id": in["user_id"], "amount": in["amount"], "status": "succeeded",
	}
	id := p["id"].(string)
	if in["capture_method"] == "manual" {
		p["status"], p["amount_capturable"] = "requires_capture", in["amount"]
		d.manual[id] = p
	} else {
		d.paid[id] = p
	}
	answer(w, http.StatusCreated, p)
	return true
}

func (d *day) capture(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := r.PathValue("id")
	p, ok := d.manual[id]
	if !ok {
		d.t.Errorf("%s is captured, and is not there to be", id)
		answer(w, 409, object{"status": 409, "code": "invalid_state"})
		return
	}
	delete(d.manual, id)
	d.count("captures")
	d.paid[id] = object{"id": id, "user_id": p["user_id"], "amount": p["amount"], "status": "succeeded"}
	answer(w, http.StatusOK, d.paid[id])
}

func (d *day) refund(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := read(r)
	p, ok := d.paid[in["payment"].(string)]
	if !ok || number(in["amount"]) < 1 || number(in["amount"]) > number(p["amount"]) {
		d.t.Errorf("a refund %v of %v", in, p)
	}
	delete(d.paid, in["payment"].(string))
	answer(w, http.StatusCreated, object{
		"id": "ref_" + d.count("refunds"), "user_id": p["user_id"], "amount": in["amount"], "status": "succeeded",
	})
}

func (d *day) adjust(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in, user := read(r), r.PathValue("user")
	name := user + in["transaction_id"].(string)
	d.wallets[user] += number(in["amount"])
	if d.adjustments[name] || d.wallets[user] < 0 {
		d.t.Errorf("the adjustment %v leaves %d", in, d.wallets[user])
	}
	d.adjustments[name] = true
	what := "up"
	if number(in["amount"]) < 0 {
		what = "down"
	}
	answer(w, http.StatusCreated, object{
		"id": "txn_" + d.count(what), "user_id": json.Number(user), "amount": in["amount"],
	})
}

func number(value any) int64 {
	n, err := value.(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return n
}

func TestRunMeasuresMixed(t *testing.T) {
	t.Parallel()
	d := newDay(t)
	journal := filepath.Join(t.TempDir(), "told")
	report, err := measureOnly(t, d.fake, func(c *bench.Config) {
		c.Modes, c.Duration, c.Journal = []bench.Mode{bench.Mixed}, time.Second, journal
	})
	if err != nil {
		t.Fatal(err)
	}
	total := int(report.Tally.Succeeded)
	if made := d.counts["payments"] + d.counts["captures"] + d.counts["refunds"] + d.counts["transfers"]; made != total {
		t.Errorf("%d things were made, the report says %d", made, total)
	}
	for what, percent := range map[string]int{"payments": 70, "captures": 10, "refunds": 10, "transfers": 10} {
		if share := float64(100*d.counts[what]) / float64(total); total < 100 || share < float64(percent-9) ||
			share > float64(percent+9) {
			t.Errorf("of %d there are %d %s, want %d %%", total, d.counts[what], what, percent)
		}
	}
	for _, l := range readJournal(t, journal) {
		if !strings.HasPrefix(l.Payment, "pay_") || l.Status != "succeeded" && l.Status != "requires_capture" || l.Key == "" {
			t.Errorf("the journal has %+v", l)
		}
		d.counts["payments"]--
	}
	if d.counts["payments"] != 0 {
		t.Errorf("%d payments are not in the journal", d.counts["payments"])
	}
	expectFigures(t, report, "mixed", " captures, ", " transfers succeeded", "for each of them")
}

func TestRunMeasuresWallets(t *testing.T) {
	t.Parallel()
	d := newDay(t)
	report, err := measureOnly(t, d.fake, func(c *bench.Config) { c.Modes = []bench.Mode{bench.Wallet} })
	if err != nil {
		t.Fatal(err)
	}
	const users = 20 // each is given something first
	if made := d.counts["up"] + d.counts["down"] - users; made != int(report.Tally.Succeeded) || d.counts["down"] == 0 {
		t.Errorf("%d adjustments, %d of them down; the report says %d", made, d.counts["down"], report.Tally.Succeeded)
	}
	expectFigures(t, report, "wallet", " adjustments succeeded", "own time an adjustment")
}

// expectFigures looks for a mode in the JSON, in the table and in what is said.
func expectFigures(t *testing.T, report *bench.Report, mode string, said ...string) {
	t.Helper()
	figures := report.Figures()
	if r := figures.Results[bench.Mode(mode)]; len(figures.Results) != 1 || r.PerSecond == 0 || r.P50 == 0 || r.P999 == 0 {
		t.Errorf("the figures are %+v", figures)
	}
	var out bytes.Buffer
	report.Write(&out)
	for _, part := range append(said, "\n"+mode+" ") {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the report does not say %q:\n%s", part, &out)
		}
	}
}

// An answer that should not be ends the mixed load too.
func TestMixedFailsOnRefusedCaptures(t *testing.T) {
	t.Parallel()
	d := newDay(t)
	pay := d.turn
	d.turn = func(w http.ResponseWriter, in object) bool {
		if in["capture_method"] != "manual" {
			return pay(w, in)
		}
		answer(w, http.StatusCreated, object{
			"id": "pay_x", "user_id": in["user_id"], "amount": in["amount"], "status": "succeeded",
		})
		return true
	}
	_, err := measureOnly(t, d.fake, func(c *bench.Config) {
		c.Modes, c.Duration = []bench.Mode{bench.Mixed}, time.Second
	})
	if err == nil || !strings.Contains(err.Error(), "× 201 succeeded") {
		t.Errorf("got %v", err)
	}
}
