package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// process is a server in a process of its own, which can be killed.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	secret string
}

func spawn(t *testing.T, config, dir string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.CommandContext(context.Background(), self,
		"serve", "--config", config, "--data", dir, "--listen", "127.0.0.1:0")}
	p.cmd.Env = append(os.Environ(), florinVariable+"=1")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	lines := bufio.NewReader(out)
	for p.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the server ends before it has greeted: %v", err)
		}
		if url := regexp.MustCompile(`listens on (http://\S+),`).FindStringSubmatch(line); url != nil {
			p.url = url[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	if p.secret, err = readKeyFile(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed
}

// call sends a request and decodes the answer.
func (p *process) call(method, path, body string, want int, answer any, headers ...string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.secret)
	request.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != want {
		p.t.Fatalf("%s %s: got %d %s, %v", method, path, got.StatusCode, text, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		p.t.Fatal(err)
	}
}

// A batch that was answered 202 is worked off whatever happens to the process:
// killed again and again in the middle of it, each item is charged once.
func TestAcceptedBatchSurvivesKills(t *testing.T) {
	t.Parallel()
	const total = 400
	dir := filepath.Join(t.TempDir(), "florin-data")
	config := writeConfig(t, "gateways:\n  - {name: simulated, kind: simulated, deadline: 1s}\n")
	p := spawn(t, config, dir)
	var gateway any
	p.call(http.MethodPatch, "/api/v1/gateways/simulated", `{"latency_ms":20}`, 200, &gateway)
	var items []string
	for i := range total {
		items = append(items, fmt.Sprintf(
			`{"user_id":%d,"amount":100,"currency":"EUR","payment_method":"pm_card_visa","confirm":true}`, i+1))
	}
	var batch struct {
		ID, Status       string
		Total, Succeeded int
	}
	p.call(http.MethodPost, "/api/v1/payments/batch", `{"payments":[`+strings.Join(items, ",")+`]}`, 202, &batch,
		"Prefer: respond-async", "Idempotency-Key: night-run")
	path := "/api/v1/batches/" + batch.ID
	for range 2 {
		time.Sleep(400 * time.Millisecond) // some items are under way
		p.kill()
		p = spawn(t, config, dir)
	}
	for deadline := time.Now().Add(2 * time.Minute); batch.Status != "completed"; {
		if time.Now().After(deadline) {
			t.Fatalf("it is not completed: %+v", batch)
		}
		time.Sleep(200 * time.Millisecond)
		p.call(http.MethodGet, path, "", 200, &batch)
	}
	if batch.Total != total || batch.Succeeded != total {
		t.Errorf("the batch is %+v", batch)
	}
	payments := map[string]bool{}
	for after := -1; after < total-1; {
		var page struct {
			Data []struct {
				Index   int
				Payment struct{ ID, Status string }
			}
		}
		query := "?limit=100"
		if after >= 0 {
			query += fmt.Sprintf("&starting_after=%d", after)
		}
		p.call(http.MethodGet, path+"/results"+query, "", 200, &page)
		for _, r := range page.Data {
			after = r.Index
			payments[r.Payment.ID] = true
			if r.Payment.Status != "succeeded" {
				t.Errorf("item %d is %+v", r.Index, r.Payment)
			}
		}
	}
	audited := mustFlorin(t, "audit", "--config", config, "--data", dir)
	if len(payments) != total || !strings.Contains(audited, fmt.Sprintf("\n%d payments,", total)) {
		t.Errorf("%d payments stand in the results, and the audit prints %s", len(payments), audited)
	}
}
