package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"florin/audit"
)

// benchKilled runs florin bench and kills its server so many times, each time
// soon after it has started. It returns what bench says.
func benchKilled(t *testing.T, kills int, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bench := exec.CommandContext(context.Background(), self, append([]string{"bench", "--json"}, args...)...)
	bench.Env = append(os.Environ(), florinVariable+"=1")
	var out bytes.Buffer
	bench.Stdout = &out
	log, err := bench.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bench.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		m := regexp.MustCompile(`^server pid (\d+) at (http://\S+)`).FindStringSubmatch(lines.Text())
		if m == nil || kills == 0 {
			continue
		}
		kills--
		pid, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			untilServing(m[2])
			time.Sleep(time.Second)
			if server, err := os.FindProcess(pid); err == nil {
				_ = server.Kill() // kill -9
			}
		}()
	}
	if err := bench.Wait(); err != nil {
		t.Fatalf("florin bench %v: %v\n%s", args, err, &said)
	}
	return said.String() + out.String()
}

// untilServing waits until a server answers, for a minute at most.
func untilServing(url string) {
	for range 600 {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/livez", nil)
		if err != nil {
			return
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// The mixed load needs no kill to be checked from end to end: all that it asks for
// succeeds, and its journal is one that the audit takes.
func TestMixedIsRight(t *testing.T) {
	t.Parallel()
	dir, told := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "told.jsonl")
	said := benchKilled(t, 0, "--mode", "mixed,wallet", "--duration", "1s", "--rate", "200",
		"--data", dir, "--journal", told, "--users", "50", "--clients", "8")
	var report audit.Report
	text := mustFlorin(t, "audit", "--data", dir, "--journal", told, "--json")
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	n := report.Totals
	if !report.OK || n.Payments == 0 || n.Acknowledgements != n.Payments || n.Refunds == 0 || n.Transfers == 0 {
		t.Errorf("the audit says %s", text)
	}
	for _, part := range []string{
		"\n" + digits(n.Payments) + " payments, ", " captures, ", digits(n.Refunds) + " refunds, ",
		digits(n.Transfers) + " transfers, ", " adjustments succeeded", `"mixed": {`, `"wallet": {`,
	} {
		if !strings.Contains(said, part) {
			t.Errorf("bench does not say %q:\n%s", part, said)
		}
	}
}

// Transfers between random wallets, most of them across shards, while the server
// is killed again and again: each that was asked for is made once, none stays on
// its way, and the books are right.
func TestTransfersSurviveKills(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"single": {"--mode", "transfers", "--duration", "8s"},
		"batch":  {"--mode", "transfers-batch", "--duration", "8s", "--batch-size", "100"},
		"wallet": {"--mode", "wallet", "--duration", "8s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			said := benchKilled(t, 2, append(args, "--restart", "--data", dir, "--users", "100", "--clients", "8")...)
			if !strings.Contains(said, "was started again 2 times") {
				t.Errorf("the server was not killed twice:\n%s", said)
			}
			var report audit.Report
			text := mustFlorin(t, "audit", "--data", dir, "--json")
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				t.Fatal(err)
			}
			made := digits(report.Totals.Transfers) + " transfers succeeded"
			if name == "wallet" { // each is a transaction, and so is what each wallet was given
				made = digits(report.Totals.Transactions-100) + " adjustments succeeded"
			}
			if !report.OK || report.Open.Transfers != 0 || !strings.Contains(said, "\n"+made) {
				t.Errorf("bench says %s\nand the audit %s", said, text)
			}
		})
	}
}
