package api_test

import (
	"testing"

	"florin/problem"
)

const reports = "/api/v1/reports/payments?"

func TestReportPayments(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := s.get(reports + "from=2026-01-01T00:00:00Z&to=2026-01-31T10:00:00%2B01:00").want(200)
	wantMembers(t, got, object{
		"object": "payment_report", "from": "2026-01-01T00:00:00.000Z", "to": "2026-01-31T09:00:00.000Z", "livemode": false,
	})
	lines := got["data"].([]any)
	wantMembers(t, lines[0].(object), object{
		"day": "2026-01-01", "gateway": "simulated", "currency": "USD", "payments": 20.0, "approved": 2.0, "declined": 1.0,
		"success_rate": "0.6666", "volume": 150.0, "refunds": 1.0, "refunded": 30.0,
	})
	wantMembers(t, lines[0].(object)["declines"].([]any)[0].(object), object{"reason": "generic_decline", "count": 1.0})
	wantMembers(t, lines[1].(object), object{"gateway": "", "currency": "JPY", "success_rate": nil})

	got = s.get(reports + "from=2026-01-01T00:00:00Z&to=2026-04-03T00:00:00Z&group_by=gateway").want(200)
	line := got["data"].([]any)[0].(object)
	if _, there := line["day"]; there || line["gateway"] != "simulated" || len(got["group_by"].([]any)) != 2 {
		t.Errorf("by gateway: %v", got)
	}
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for query, param := range map[string]string{
		"":                          "from",
		"from=2026-01-01T00:00:00Z": "to",
		"to=2026-01-01T00:00:00Z":   "from",
		"from=2026-01-01&to=2026-01-02T00:00:00Z":                                     "from",
		"from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z":                           "to",
		"from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z":                           "to",
		"from=2026-01-01T00:00:00Z&to=2026-04-03T00:00:01Z":                           "to",
		"from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=week":             "group_by",
		"from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=day,day":          "group_by",
		"from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&user_id=1":                 "user_id",
		"from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z": "from",
		"from=0001-01-01T00:00:00Z&to=9999-01-02T00:00:00Z":                           "to",
		"from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=":                 "group_by",
	} {
		if err := checkProblem(s.get(reports+query).want(422), problem.InvalidParameter, param); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}
