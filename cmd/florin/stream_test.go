package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// follow opens a stream of events and returns its lines.
func (r *running) follow(query string) *bufio.Reader {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/api/v1/events/stream"+query, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.key())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		r.t.Fatalf("the stream is answered %d", answer.StatusCode)
	}
	return bufio.NewReader(answer.Body)
}

// until reads lines up to one that begins so, and returns all of them.
func until(t *testing.T, lines *bufio.Reader, prefix string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no %q came: %v after %s", prefix, err, all.String())
		}
		all.WriteString(line)
		if strings.HasPrefix(line, prefix) {
			return all.String()
		}
	}
}

// Events reach those who follow them, soon; SIGTERM ends the streams at once, and
// a client goes on at another process with the id that it saw last.
func TestStreamFollowsAndEnds(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	r.pay(r.key())
	var streams []*bufio.Reader
	for range 30 {
		lines := r.follow("")
		until(t, lines, "id: ")
		streams = append(streams, lines)
	}
	began := time.Now()
	r.pay(r.key())
	seen := until(t, streams[0], "event: capture.succeeded")
	took := time.Since(began)
	if n := strings.Count(seen, "event: "); n != 3 || !strings.Contains(seen, "event: payment.processing") {
		t.Errorf("the first stream tells\n%s", seen)
	}
	if took > 5*time.Second { // 200 ms on a machine of its own
		t.Errorf("the event came after %s", took)
	}
	for _, lines := range streams[1:] {
		until(t, lines, "event: capture.succeeded")
	}
	began = time.Now()
	dir := r.dir
	r.stop()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	for _, lines := range streams {
		if rest, err := io.ReadAll(lines); err != nil || strings.Contains(string(rest), "event: ") {
			t.Errorf("the stream ends with %q, %v", rest, err)
		}
	}
	_, id, _ := strings.Cut(seen, "\nid: ")
	id, _, _ = strings.Cut(id, "\n")
	again := start(t, dir, false)
	resumed := until(t, again.follow("?after="+id), "event: capture.succeeded")
	if !strings.Contains(resumed, "event: payment.succeeded") || strings.Contains(resumed, "event: payment.processing") {
		t.Errorf("behind payment.processing comes\n%s", resumed)
	}
}
