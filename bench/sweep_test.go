package bench_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/bench"
)

// onTheirWay is a fake whose batches of transfers are answered as open, and end
// when they are looked at the second time; of those that were made in between,
// the list shows all.
type onTheirWay struct {
	*fake
	mu     sync.Mutex
	ids    []string // ascending
	looked map[string]int
	gets   int
	fails  string // the one that fails
}

func newOnTheirWay() *onTheirWay {
	f := &onTheirWay{fake: newFake(), looked: map[string]int{}}
	f.HandleFunc("POST /api/v1/wallets/{user}/adjustments", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusCreated, object{"object": "adjustment"})
	})
	f.HandleFunc("POST /api/v1/transfers/batch", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var data []object
		for i, p := range read(r)["transfers"].([]any) {
			f.ids = append(f.ids, fmt.Sprintf("trf_%09d", len(f.ids)))
			transfer := p.(object)
			transfer["id"], transfer["status"] = f.ids[len(f.ids)-1], "pending"
			data = append(data, object{"index": i, "transfer": transfer})
		}
		answer(w, http.StatusOK, object{"data": data})
	})
	f.HandleFunc("GET /api/v1/transfers/{id}", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.gets++
		answer(w, http.StatusOK, f.look(r.PathValue("id")))
	})
	f.HandleFunc("GET /api/v1/transfers", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.gets++
		data := []object{}
		at, _ := slices.BinarySearch(f.ids, r.URL.Query().Get("starting_after"))
		for _, id := range slices.Backward(f.ids[max(0, at-100):at]) {
			data = append(data, f.look(id))
		}
		answer(w, http.StatusOK, object{"object": "list", "data": data, "has_more": at > 100})
	})
	return f
}

func (f *onTheirWay) look(id string) object {
	f.looked[id]++
	switch {
	case f.looked[id] < 2:
		return object{"id": id, "status": "pending"}
	case id == f.fails:
		return object{"id": id, "status": "failed"}
	}
	return object{"id": id, "status": "succeeded"}
}

// Thousands of transfers that were answered as open are not asked for one by one.
func TestRunReadsOpenTransfersFromTheList(t *testing.T) {
	t.Parallel()
	f := newOnTheirWay()
	report, err := measureOnly(t, f.fake, func(c *bench.Config) {
		c.Modes, c.BatchSize, c.Duration = []bench.Mode{bench.TransfersBatch}, 2000, 300*time.Millisecond
	})
	if err != nil {
		t.Fatal(err)
	}
	n := len(f.ids)
	if int(report.Tally.Open) != n || int(report.Tally.Succeeded) != n || n < 2000 {
		t.Errorf("%d transfers were made, the report has %+v", n, report.Tally)
	}
	if f.gets > n/10 {
		t.Errorf("there were %d requests to learn of %d", f.gets, n)
	}
	if text := report.Tally.String(); !strings.Contains(text, " transfers succeeded, ") {
		t.Errorf("the report says %s", text)
	}
}

func TestRunFindsTheTransferThatFailed(t *testing.T) {
	t.Parallel()
	f := newOnTheirWay()
	f.fails = "trf_000000777"
	_, err := measureOnly(t, f.fake, func(c *bench.Config) {
		c.Modes, c.BatchSize, c.Duration = []bench.Mode{bench.TransfersBatch}, 2000, 300*time.Millisecond
	})
	if err == nil || !strings.Contains(err.Error(), "1 × 200 failed on GET") || !strings.Contains(err.Error(), f.fails) {
		t.Errorf("got %v", err)
	}
}
