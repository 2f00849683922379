package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/access"
	"florin/api"
	"florin/problem"
)

const gatewaysPath = "/api/v1/gateways"

type fakeSettings struct {
	LatencyMS   int     `json:"latency_ms"`
	DeclineRate float64 `json:"decline_rate"`
	Down        bool    `json:"down"`
}

// fakeGateways are one gateway with settings and one without.
type fakeGateways struct{ settings fakeSettings }

func (g *fakeGateways) Gateways() []api.GatewayState {
	return []api.GatewayState{
		{
			Name: "simulated", Kind: "simulated", Breaker: "half_open", Available: true, Consistent: true,
			Settling: 1500 * time.Millisecond, PartialCapture: true, Test: true, Settings: g.settings,
		},
		{Name: "card", Kind: "stripe", Breaker: "closed"},
	}
}

func (g *fakeGateways) Configure(name string, merge func(settings any) error) error {
	if name != "simulated" {
		return problem.New(problem.WrongState, "this gateway has no settings")
	}
	settings := g.settings
	if err := merge(&settings); err != nil {
		return err
	}
	if settings.LatencyMS > 60_000 {
		return problem.Invalid("latency_ms", "must be 0 to 60000")
	}
	g.settings = settings
	return nil
}

func TestGateways(t *testing.T) {
	t.Parallel()
	gateways := &fakeGateways{fakeSettings{LatencyMS: 5, DeclineRate: 0.5}}
	s := newServer(t, func(c *api.Config) { c.Gateways = gateways })
	simulated := map[string]any{
		"name": "simulated", "object": "gateway", "kind": "simulated", "breaker": "half_open", "available": true,
		"capabilities": map[string]any{
			"consistent": true, "settling_ms": 1500.0, "multiple_capture": false, "partial_capture": true, "void": false,
			"test": true,
		},
		"settings": map[string]any{"latency_ms": 5.0, "decline_rate": 0.5, "down": false},
	}
	if diff := cmp.Diff(simulated, s.get(gatewaysPath+"/simulated").want(200)); diff != "" {
		t.Error(diff)
	}
	list := s.get(gatewaysPath).want(200)["data"].([]any)
	if diff := cmp.Diff(simulated, list[0]); diff != "" || len(list) != 2 || list[1].(map[string]any)["settings"] != nil {
		t.Errorf("%s: %v", diff, list)
	}

	patch := func(name, body string) answer { return s.do(http.MethodPatch, gatewaysPath+"/"+name, body) }
	simulated["settings"] = map[string]any{"latency_ms": 5.0, "decline_rate": 0.25, "down": true}
	patched := patch("simulated", `{"down":true,"decline_rate":0.25,"latency_ms":null}`).want(200)
	if diff := cmp.Diff(simulated, patched); diff != "" {
		t.Error(diff)
	}
	for body, param := range map[string]string{
		`{"latency":1}`: "latency", `{"latency_ms":"1"}`: "latency_ms", `{"latency_ms":1.5}`: "latency_ms",
		`{"latency_ms":70000}`: "latency_ms", `{"down":1}`: "down", `{"decline_rate":"x"}`: "decline_rate",
		`{"down":false,"down":false}`: "down", `{"down":{"a":[]}}`: "down", `[]`: "body",
	} {
		patch("simulated", body).wantProblem(problem.InvalidParameter, param)
	}
	patch("simulated", `{"down":false,}`).wantProblem(problem.InvalidJSON, "")
	patch("simulated", "").wantProblem(problem.InvalidJSON, "")
	if want := (fakeSettings{5, 0.25, true}); gateways.settings != want {
		t.Errorf("a wrong request changed the settings: %+v", gateways.settings)
	}
	patch("card", `{"down":false}`).wantProblem(problem.WrongState, "")
	patch("other", `{"down":false}`).wantProblem(problem.NotFound, "")
	s.get(gatewaysPath+"/other").wantProblem(problem.NotFound, "")
	s.get(gatewaysPath+"?limit=1").wantProblem(problem.InvalidParameter, "limit")
}

func TestGatewaysOfALiveStore(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *api.Config) { c.Mode, c.Gateways = access.Live, &fakeGateways{} })
	s.do(http.MethodPatch, gatewaysPath+"/simulated", `{"down":true}`).wantProblem(problem.Forbidden, "")
}

func TestNoGateways(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if list := s.get(gatewaysPath).want(200); len(list["data"].([]any)) != 0 {
		t.Errorf("the list is %v", list)
	}
}
