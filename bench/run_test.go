package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/bench"
)

// measure runs bench against a fake that listens already.
func measure(t *testing.T, f *fake, change func(*bench.Config)) (*bench.Report, error) {
	t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	cfg := bench.Config{
		URL: strings.TrimPrefix(server.URL, "http://"), APIKey: "sk_test_1", Duration: 100 * time.Millisecond,
		Users: 20, BatchSize: 10, Clients: 4, Journal: filepath.Join(t.TempDir(), "journal"),
		Echo: func() *exec.Cmd { return child(t, "echo") },
	}
	change(&cfg)
	return run(t, cfg)
}

// measureOnly does the same for modes that no journal is kept of.
func measureOnly(t *testing.T, f *fake, change func(*bench.Config)) (report *bench.Report, err error) {
	t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	cfg := bench.Config{
		URL: strings.TrimPrefix(server.URL, "http://"), APIKey: "sk_test_1", Duration: 100 * time.Millisecond,
		Users: 20, BatchSize: 10, Clients: 4,
	}
	change(&cfg)
	return bench.Run(t.Context(), cfg)
}

// run holds the journal against the report.
func run(t *testing.T, cfg bench.Config) (*bench.Report, error) {
	t.Helper()
	report, err := bench.Run(t.Context(), cfg)
	if err == nil {
		lines := readJournal(t, cfg.Journal)
		if settled := report.Tally.Settled(); int64(len(lines)) != settled || settled == 0 {
			t.Errorf("the journal has %d lines, %d payments were acknowledged", len(lines), settled)
		}
	}
	return report, err
}

type line struct {
	Payment  string
	UserID   int64 `json:"user_id"`
	Amount   int64
	Currency string
	Status   string
	Key      string
}

func readJournal(t *testing.T, name string) (lines []line) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for rows := bufio.NewScanner(file); rows.Scan(); {
		var l line
		if err := json.Unmarshal(rows.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestRunMeasuresEveryMode(t *testing.T) {
	t.Parallel()
	f := newFake()
	report, err := measure(t, f, func(c *bench.Config) {
		c.Modes = []bench.Mode{bench.Single, bench.Hot, bench.Echo, bench.Batch}
		c.Duration = 500 * time.Millisecond // on a busy machine too something is answered in it
	})
	if err != nil {
		t.Fatal(err)
	}
	if sent := int64(f.count()); sent != report.Tally.Succeeded {
		t.Errorf("the server took %d payments, the report says %d", sent, report.Tally.Succeeded)
	}
	text, err := json.Marshal(report.Figures())
	if err != nil {
		t.Fatal(err)
	}
	number := `[0-9.e+]+`
	result := `\{"per_second":` + number + `,"p50_ms":` + number + `,"p99_ms":` + number + `,"p999_ms":` + number + `\}`
	want := regexp.MustCompile(`^\{"results":\{"batch":` + result + `,"hot":` + result + `,"single":` + result + `\},` +
		`"ceilings":\{"echo":` + number + `,"raw":null\},` +
		`"ratios":\{"single_echo":` + number + `,"batch_raw":null,"hot_random":` + number + `\}\}$`)
	if !want.Match(text) {
		t.Errorf("the figures are %s", text)
	}
	var out bytes.Buffer
	report.Write(&out)
	for _, part := range []string{"single / echo", "hot / random", "payments succeeded"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the report does not say %q:\n%s", part, &out)
		}
	}
}

func TestRunKnowsBothClients(t *testing.T) {
	t.Parallel()
	_, err := measure(t, newFake(), func(c *bench.Config) {
		c.NetHTTP, c.Modes = true, []bench.Mode{bench.Single}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRunOpenLoop(t *testing.T) {
	t.Parallel()
	f := newFake()
	report, err := measure(t, f, func(c *bench.Config) {
		c.Rate, c.Duration = 200, 500*time.Millisecond
	})
	if err != nil {
		t.Fatal(err)
	}
	// The ramp has its part; then 200 a second for half a second.
	if n := report.Tally.Succeeded + report.Unsent; n < 195 || n > 200 {
		t.Errorf("%d payments, want 200", n)
	}
}

func TestRunFillsFirst(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := newFake()
	_, err := measure(t, f, func(c *bench.Config) {
		c.Fill, c.Modes, c.Log = 1234, []bench.Mode{bench.Batch}, &log
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "filled 1,234 payments") || !strings.Contains(log.String(), "fill 100 %") {
		t.Errorf("the log says\n%s", &log)
	}
}

func TestRunFailsOnUnexpectedAnswers(t *testing.T) {
	t.Parallel()
	problems := map[string]func(w http.ResponseWriter, request object) bool{
		"402 generic_decline": func(w http.ResponseWriter, r object) bool {
			answer(w, 402, object{"status": 402, "code": "generic_decline", "payment": object{
				"id": "pay_1", "status": "declined", "user_id": r["user_id"], "amount": r["amount"],
			}})
			return true
		},
		"202 processing": func(w http.ResponseWriter, _ object) bool {
			answer(w, 202, object{"id": "pay_1", "status": "processing"})
			return true
		},
		"503 unavailable": func(w http.ResponseWriter, _ object) bool {
			answer(w, 503, object{"status": 503, "code": "unavailable"})
			return true
		},
		"201 succeeded, of another user or amount": func(w http.ResponseWriter, r object) bool {
			answer(w, 201, object{"id": "pay_1", "status": "succeeded", "user_id": r["user_id"], "amount": 1})
			return true
		},
		"500 unreadable": func(w http.ResponseWriter, _ object) bool {
			http.Error(w, "oops", http.StatusInternalServerError)
			return true
		},
	}
	for want, turn := range problems {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			var once sync.Once
			f.turn = func(w http.ResponseWriter, request object) (turned bool) {
				once.Do(func() { turned = turn(w, request) })
				return turned
			}
			_, err := measure(t, f, func(c *bench.Config) { c.Modes = []bench.Mode{bench.Single} })
			if err == nil || !strings.Contains(err.Error(), "1 × "+want) {
				t.Errorf("got %v, want it to count %s", err, want)
			}
		})
	}
}

// killer is a log that kills the server whose pid it is told, soon after.
type killer struct {
	t     *testing.T
	mu    sync.Mutex
	text  bytes.Buffer
	kills int
}

var pidLine = regexp.MustCompile(`^server pid (\d+) `)

func (k *killer) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.text.Write(p)
	if m := pidLine.FindSubmatch(p); m != nil && k.kills > 0 {
		k.kills--
		pid, _ := strconv.Atoi(string(m[1]))
		time.AfterFunc(400*time.Millisecond, func() {
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill()
			}
		})
	}
	return len(p), nil
}

func TestRunStartsTheServerAgain(t *testing.T) {
	t.Parallel()
	log := &killer{t: t, kills: 2}
	cfg := bench.Config{
		APIKey: "sk_test_1", Duration: 2 * time.Second, Users: 10, Clients: 8, Data: t.TempDir(), Restart: true,
		Log: log, Journal: filepath.Join(t.TempDir(), "journal"),
		Serve: func(_, listen, _ string, _ int) *exec.Cmd { return child(t, "serve", listen) },
	}
	report, err := bench.Run(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%v; the log:\n%s", err, &log.text)
	}
	if report.Restarts != 2 || report.Tally.Repeated == 0 {
		t.Errorf("%d restarts, want 2; %s", report.Restarts, report.Tally.String())
	}
	if lines := readJournal(t, cfg.Journal); int64(len(lines)) != report.Tally.Succeeded {
		t.Errorf("%d lines in the journal, %d payments", len(lines), report.Tally.Succeeded)
	}
}

func TestRunAsksForWhatIsOpen(t *testing.T) {
	t.Parallel()
	cfg := bench.Config{
		APIKey: "sk_test_1", Duration: 300 * time.Millisecond, Users: 10, Clients: 2, Data: t.TempDir(), Restart: true,
		Journal: filepath.Join(t.TempDir(), "journal"),
		Serve:   func(_, listen, _ string, _ int) *exec.Cmd { return child(t, "slow", listen) },
	}
	report, err := bench.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	lines := readJournal(t, cfg.Journal)
	if report.Tally.Open != 1 || int64(len(lines)) != report.Tally.Succeeded {
		t.Errorf("%s, and %d lines in the journal", report.Tally.String(), len(lines))
	}
}

func TestRunSaysWhyTheServerDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(t.Context(), bench.Config{
		Modes: []bench.Mode{bench.Single},
		Serve: func(string, string, string, int) *exec.Cmd { return child(t, "fail") },
	})
	if err == nil || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("got %v", err)
	}
}

func TestRunMeasuresRawInserts(t *testing.T) {
	t.Parallel()
	report, err := bench.Run(t.Context(), bench.Config{
		Modes: []bench.Mode{bench.Raw},
		Raw:   func(string, time.Duration) *exec.Cmd { return child(t, "raw") },
	})
	if err != nil || *report.Figures().Ceilings.Raw != 1234.5 {
		t.Errorf("got %v, %v", report, err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]bench.Config{
		"no mode":           {Modes: []bench.Mode{"doubles"}},
		"needs --config":    {Processes: 2},
		"a run of its own":  {Replay: "x", Modes: []bench.Mode{bench.Single}},
		"--limit is for":    {Limit: 3},
		"runs already":      {URL: "127.0.0.1:1", APIKey: "k", Restart: true},
		"FLORIN_API_KEY":    {URL: "127.0.0.1:1"},
		"embedded store":    {Modes: []bench.Mode{bench.Raw}},
		"--rate is for":     {Rate: 1, Modes: []bench.Mode{bench.Echo}},
		"cannot be negativ": {Fill: -1},
	} {
		if _, err := bench.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}

// TestPGBenchIsMeasured beside nothing, and where there is one only.
func TestPGBenchIsMeasured(t *testing.T) {
	t.Parallel()
	if _, err := bench.Run(t.Context(), bench.Config{Modes: []bench.Mode{bench.PGBench}}); err == nil ||
		!strings.Contains(err.Error(), "pgbench can be measured with --config on PostgreSQL only") {
		t.Errorf("without one: %v", err)
	}
	report, err := bench.Run(t.Context(), bench.Config{
		Modes: []bench.Mode{bench.PGBench}, Duration: 3 * time.Second,
		PGBench: func(_ context.Context, window time.Duration) (float64, error) { return window.Seconds() * 100, nil },
	})
	if err != nil || *report.Figures().Ceilings.PGBench != 300 || report.Figures().Ratios.SinglePGBench != nil {
		t.Errorf("%v", err)
	}
}

func TestOneRestartIsTold(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "", 1: "started again once.", 2: "started again 2 times."} {
		var out strings.Builder
		(&bench.Report{Restarts: n}).WriteCounts(&out)
		if strings.Contains(out.String(), "again") != (n > 0) || !strings.Contains(out.String(), want) {
			t.Errorf("%d restarts are told as %s", n, out.String())
		}
	}
}
