package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"florin/access"
	"florin/problem"
)

// Gateway is a gateway as JSON tells it.
type Gateway struct {
	Name         string       `json:"name" example:"simulated"`
	Object       string       `json:"object" enum:"gateway"`
	Kind         string       `json:"kind" example:"simulated"`
	Breaker      string       `json:"breaker" doc:"Open: it is not called for now." enum:"closed,open,half_open"`
	Available    bool         `json:"available" doc:"Whether a payment can be sent there now."`
	Capabilities Capabilities `json:"capabilities"`
	Settings     any          `json:"settings" doc:"What PATCH changes; null when there is nothing to set."`
}

// Capabilities say what a gateway can.
type Capabilities struct {
	Consistent      bool  `json:"consistent" doc:"An operation it does not know was surely not done."`
	SettlingMS      int64 `json:"settling_ms" doc:"How long one may take to be known."`
	MultipleCapture bool  `json:"multiple_capture" doc:"A payment can be captured several times."`
	PartialCapture  bool  `json:"partial_capture" doc:"Less than was authorized can be captured."`
	Void            bool  `json:"void" doc:"An authorization can be taken back."`
	Test            bool  `json:"test" doc:"It moves no real money."`
}

func gatewayOf(g GatewayState) Gateway {
	return Gateway{
		Name: g.Name, Object: "gateway", Kind: g.Kind, Breaker: g.Breaker, Available: g.Available,
		Capabilities: Capabilities{
			Consistent: g.Consistent, SettlingMS: g.Settling.Milliseconds(), MultipleCapture: g.MultipleCapture,
			PartialCapture: g.PartialCapture, Void: g.Void, Test: g.Test,
		},
		Settings: g.Settings,
	}
}

// listGateways answers GET /api/v1/gateways.
func (c *call) listGateways() error {
	if err := c.noQuery(); err != nil {
		return err
	}
	return c.object(http.StatusOK, listOf(c.api.gateways(), false, gatewayOf))
}

// getGateway answers GET /api/v1/gateways/{name}.
func (c *call) getGateway() error {
	if err := c.noQuery(); err != nil {
		return err
	}
	g, err := c.api.gateway(c.r.PathValue("name"))
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, gatewayOf(g))
}

// patchGateway answers PATCH /api/v1/gateways/{name}: the members that are given
// replace the settings of their names.
func (c *call) patchGateway() error {
	name := c.r.PathValue("name")
	if _, err := c.api.gateway(name); err != nil {
		return err
	}
	if c.api.cfg.Mode != access.Test {
		return problem.New(problem.Forbidden, "a gateway's settings can be changed in a test store only")
	}
	err := c.decode(maxBody, false, func(d *decoder) {
		if !d.isJSON() { // merge relies on it
			return
		}
		err := c.api.cfg.Gateways.Configure(name, func(settings any) error { return d.merge(settings) })
		if err != nil && d.err == nil {
			d.err = c.api.public(err, c)
		}
	})
	if err != nil {
		return err
	}
	g, err := c.api.gateway(name)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, gatewayOf(g))
}

// merge reads an object into the members of a struct that it names; d's text is
// valid JSON.
func (d *decoder) merge(into any) error {
	target := reflect.ValueOf(into).Elem()
	var names []string
	for _, field := range reflect.VisibleFields(target.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	d.members(names, func(name string) {
		d.peek()
		start := d.pos
		d.skip()
		field := target.Field(slices.Index(names, name))
		if err := json.Unmarshal(d.data[start:d.pos], field.Addr().Interface()); err != nil {
			d.invalid("must be a value of type %s", jsonKind(field.Kind()))
		}
	})
	return d.finish()
}

// jsonKind names what JSON must have for a Go value.
func jsonKind(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Float32, reflect.Float64:
		return "number"
	default:
		return "integer"
	}
}

func (a *API) gateways() []GatewayState {
	if a.cfg.Gateways == nil {
		return nil
	}
	return a.cfg.Gateways.Gateways()
}

func (a *API) gateway(name string) (GatewayState, error) {
	for _, g := range a.gateways() {
		if g.Name == name {
			return g, nil
		}
	}
	return GatewayState{}, problem.New(problem.NotFound, "there is no such gateway")
}
