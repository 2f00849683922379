package api_test

import (
	"testing"

	"florin/api"
	"florin/flow"
	"florin/problem"
)

const batchesPath = "/api/v1/batches/"

func TestRespondAsync(t *testing.T) {
	t.Parallel()
	for _, prefer := range []string{"respond-async", "Respond-Async", "wait=10, respond-async", "respond-async; a=b"} {
		s := newServer(t)
		got := s.post(batchPath, batchOf(simple, `{"user_id":1}`, simple), "Prefer: "+prefer, "Idempotency-Key: k")
		b := got.want(202)
		if got.header.Get("Preference-Applied") != "respond-async" ||
			got.header.Get("Location") != batchesPath+b["id"].(string) {
			t.Errorf("%s: the headers are %v", prefer, got.header)
		}
		for name, want := range map[string]any{
			"object": "batch", "status": "processing", "total": 3.0, "failed": 1.0, "succeeded": 0.0, "completed_at": nil,
		} {
			if b[name] != want {
				t.Errorf("%s is %v, want %v", name, b[name], want)
			}
		}
		asked := s.flows.asked[len(s.flows.asked)-1].(flow.AcceptBatch)
		own := asked.Items[2].Request.Idempotency
		if own == nil || own.Key != "k:2" || asked.Items[1].Problem == nil || asked.Idempotency == nil {
			t.Errorf("the flow is asked for %+v", asked)
		}
		again := s.post(batchPath, batchOf(simple, `{"user_id":1}`, simple), "Prefer: respond-async", "Idempotency-Key: k")
		if again.want(202)["id"] != b["id"] || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again it is %s", again.body)
		}
	}
}

func TestRespondAsyncWithKeysOfItems(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := batchOf(with(`"idempotency_key":"mine"`), simple)
	s.post(batchPath, body, "Prefer: respond-async").want(202)
	asked := s.flows.asked[0].(flow.AcceptBatch)
	own := asked.Items[0].Request.Idempotency
	if own == nil || own.Key != "mine" || own.Scope != batchPath || asked.Items[1].Request.Idempotency != nil {
		t.Errorf("the flow is asked for %+v", asked)
	}
	s.post(batchPath, body, "Prefer: respond-async", "Idempotency-Key: k").
		wantProblem(problem.IdempotencyKeyConflict, "Idempotency-Key")
}

// Who does not ask for it, or has nothing that could be worked on, is answered
// at once.
func TestRespondAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range []struct{ prefer, body string }{
		{"Prefer: wait=5", batchOf(simple)},
		{"Prefer: respond-asynchronously", batchOf(simple)},
		{"X-Prefer: respond-async", batchOf(simple)},
		{"Prefer: respond-async", batchOf(`{}`)},
	} {
		got := s.post(batchPath, c.body, c.prefer)
		got.want(200)
		if got.header.Get("Preference-Applied") != "" || got.header.Get("Location") != "" {
			t.Errorf("%s: the headers are %v", c.prefer, got.header)
		}
	}
}

func TestBatchResults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	items := []string{`{"user_id":1}`}
	for range 24 {
		items = append(items, simple)
	}
	accepted := s.post(batchPath, batchOf(items...), "Prefer: respond-async").want(202)
	path := batchesPath + accepted["id"].(string)
	got := s.get(path)
	got.want(200)
	v := newValidator(t)
	check[api.Batch](v, "batch", got.body)
	seen := 0
	for after := ""; ; after = "&starting_after=" + string(rune('0'+seen-1)) {
		page := s.get(path + "/results?limit=5" + after)
		list := page.want(200)
		check[api.BatchItemResults](v, "results", page.body)
		for _, item := range list["data"].([]any) {
			item := item.(map[string]any)
			if item["index"] != float64(seen) || (item["status"] == "failed") != (seen == 0) {
				t.Fatalf("at %d is %v", seen, item)
			}
			seen++
		}
		if seen >= 10 {
			break
		}
	}
	if list := s.get(path + "/results?limit=100&starting_after=9").want(200); len(list["data"].([]any)) != 15 ||
		list["has_more"] != false {
		t.Errorf("the rest is %v", list)
	}
	for query, param := range map[string]string{
		"starting_after=-1": "starting_after", "starting_after=1000": "starting_after", "starting_after=x": "starting_after",
		"limit=101": "limit", "ending_before=3": "ending_before",
	} {
		s.get(path+"/results?"+query).wantProblem(problem.InvalidParameter, param)
	}
	s.get(path+"?limit=1").wantProblem(problem.InvalidParameter, "limit")
	s.get(batchesPath+"pay_1").wantProblem(problem.InvalidParameter, "id")
	unknown := "batch_0192f3a4b5c67d008123456789abcdef"
	s.get(batchesPath+unknown).wantProblem(problem.NotFound, "")
	s.get(batchesPath+unknown+"/results").wantProblem(problem.NotFound, "")
}
