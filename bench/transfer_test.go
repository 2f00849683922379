package bench_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/bench"
)

// newTransfersFake is a fake that moves money between wallets.
func newTransfersFake(t *testing.T) (f *fake, made func() []object) {
	f = newFake()
	var mu sync.Mutex
	funded, all := map[string]bool{}, []object{}
	move := func(request object, status string) object {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, request)
		return object{
			"id": "trf_" + strconv.Itoa(len(all)), "from_user_id": request["from_user_id"], "to_user_id": request["to_user_id"],
			"amount": request["amount"], "status": status,
		}
	}
	f.HandleFunc("POST /api/v1/wallets/{user}/adjustments", func(w http.ResponseWriter, r *http.Request) {
		if in := read(r); in["currency"] != "USD" || in["transaction_id"] == nil {
			t.Errorf("the wallet is funded by %v", in)
		}
		mu.Lock()
		funded[r.PathValue("user")] = true
		mu.Unlock()
		answer(w, http.StatusCreated, object{"object": "adjustment"})
	})
	f.HandleFunc("POST /api/v1/transfers", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusAccepted, move(read(r), "pending"))
	})
	f.HandleFunc("GET /api/v1/transfers/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, object{"id": r.PathValue("id"), "status": "succeeded"})
	})
	f.HandleFunc("POST /api/v1/transfers/batch", func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Values("Idempotency-Key"); len(key) > 0 {
			t.Errorf("a batch has the keys %v", key)
		}
		var data []object
		for i, p := range read(r)["transfers"].([]any) {
			data = append(data, object{"index": i, "transfer": move(p.(object), "succeeded")})
		}
		answer(w, http.StatusOK, object{"object": "list", "data": data})
	})
	return f, func() []object {
		mu.Lock()
		defer mu.Unlock()
		for _, request := range all {
			for _, name := range []string{"from_user_id", "to_user_id"} {
				if user := string(request[name].(json.Number)); !funded[user] {
					t.Errorf("the wallet of user %s was not funded", user)
				}
			}
		}
		return all
	}
}

func TestRunMeasuresTransfers(t *testing.T) {
	t.Parallel()
	f, made := newTransfersFake(t)
	report, err := measureOnly(t, f, func(c *bench.Config) {
		c.Modes = []bench.Mode{bench.TransfersBatch, bench.RawTransfers}
		c.RawTransfers = func(string, time.Duration) *exec.Cmd { return child(t, "raw") }
		c.Duration = 400 * time.Millisecond
	})
	if err != nil {
		t.Fatal(err)
	}
	all := made()
	for _, request := range all {
		if request["from_user_id"] == request["to_user_id"] {
			t.Errorf("a transfer to oneself: %v", request)
		}
	}
	if int64(len(all)) != report.Tally.Succeeded {
		t.Errorf("%d transfers were made, the report says %d", len(all), report.Tally.Succeeded)
	}
	text, err := json.Marshal(report.Figures())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report.Write(&out)
	for _, part := range []string{
		`"transfers_batch_same":`, `"transfers_batch_random":`, `"raw_transfers":1234.5`, `"transfers_batch_raw":`,
		`"transfers_random_same":`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the figures lack %s: %s", part, text)
		}
	}
	for _, part := range []string{"transfers, same shard / raw", "transfers, random / same"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the report does not say %q:\n%s", part, &out)
		}
	}
}

// TestRunAsksForTransfers: what is on its way is asked for at the end.
func TestRunAsksForTransfers(t *testing.T) {
	t.Parallel()
	f, made := newTransfersFake(t)
	report, err := measureOnly(t, f, func(c *bench.Config) { c.Modes = []bench.Mode{bench.Transfers} })
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(made())); report.Tally.Open != n || report.Tally.Succeeded != n || n == 0 {
		t.Errorf("%d transfers, the report has %+v", n, report.Tally)
	}
}

// TestPairs: users of a pair are never the same, and those of one shard are of one
// for any number of shards; every user has a turn.
func TestPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		users  int
		same   bool
		stride int64
	}{
		{10, false, 1}, {2, false, 1}, {8, true, 4}, {100, true, 4}, {1000, true, 4}, {10_000, true, 256}, {1025, true, 256},
	} {
		seen := map[int64]bool{}
		transfers := make([]bench.Payment, 40*c.users)
		bench.NewPairs(c.users, c.same).Next(transfers)
		for _, p := range transfers {
			if p.UserID == p.To || p.UserID < 1 || p.To < 1 || max(p.UserID, p.To) > int64(c.users) ||
				(p.UserID-p.To)%c.stride != 0 || p.Minor < 1 {
				t.Fatalf("%d users: %+v", c.users, p)
			}
			seen[p.UserID] = true
		}
		if len(seen) != c.users {
			t.Errorf("of %d users %d send", c.users, len(seen))
		}
	}
}
