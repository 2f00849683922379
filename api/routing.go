package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"florin/ident"
	"florin/payment"
)

// Routing says which gateways a payment was given to, and why.
type Routing struct {
	Object   string           `json:"object" enum:"routing"`
	Payment  string           `json:"payment"`
	Gateways []RoutingGateway `json:"gateways" nullable:"false" doc:"In the order in which they are tried."`
	Attempts []RoutingAttempt `json:"attempts" nullable:"false" doc:"In the order of time."`
}

// RoutingGateway is a gateway that could be chosen.
type RoutingGateway struct {
	Gateway   string `json:"gateway" example:"simulated"`
	Available bool   `json:"available" doc:"Whether it can be called now."`
	Attempts  int    `json:"attempts"`
	Why       string `json:"why"`
}

// RoutingAttempt is one choice.
type RoutingAttempt struct {
	Attempt   string `json:"attempt"`
	Gateway   string `json:"gateway"`
	Outcome   string `json:"outcome" enum:"approved,declined,requires_action,pending,unknown"`
	Reason    string `json:"reason,omitempty"`
	Why       string `json:"why" doc:"Why this gateway, then."`
	CreatedAt string `json:"created_at" format:"date-time"`
}

// getRouting answers GET /api/v1/payments/{id}/routing.
func (c *call) getRouting() error {
	p, err := c.pathPayment()
	if err != nil {
		return err
	}
	var states []GatewayState
	if c.api.cfg.Gateways != nil {
		states = c.api.cfg.Gateways.Gateways()
	}
	return c.object(http.StatusOK, routing(p, states))
}

// routing tells from a payment's attempts, and the gateways as they are now, how
// it was routed.
func routing(p payment.Payment, states []GatewayState) Routing {
	r := Routing{
		Object: "routing", Payment: p.ID.Text(ident.Payment), Gateways: []RoutingGateway{}, Attempts: []RoutingAttempt{},
	}
	tried := map[string]int{}
	for i, a := range p.Attempts {
		why := "the first in the order that could be called"
		if i > 0 {
			last := p.Attempts[i-1]
			why = fmt.Sprintf("the payment was confirmed again after %s at %s", last.Outcome, last.Gateway)
			if last.Reason == "gateway_not_charged" {
				why = fmt.Sprintf("%s had surely not charged: the next that could be called", last.Gateway)
			}
		}
		r.Attempts = append(r.Attempts, RoutingAttempt{
			Attempt: a.ID.Text(ident.Attempt), Gateway: a.Gateway, Outcome: string(a.Outcome), Reason: string(a.Reason),
			Why: why, CreatedAt: timeText(a.ID.Time()),
		})
		tried[a.Gateway]++
	}
	last := -1 // place of the last gateway in the order that was tried
	for i, s := range states {
		if tried[s.Name] > 0 {
			last = i
		}
	}
	for i, s := range states {
		g := RoutingGateway{Gateway: s.Name, Available: s.Available, Attempts: tried[s.Name]}
		switch {
		case g.Attempts > 0:
			g.Why = "it was tried"
		case len(p.Attempts) == 0:
			g.Why = "no gateway was asked yet"
		case i < last:
			g.Why = "it was passed over: it could not be called then, or was not configured yet"
		default:
			g.Why = "it was not needed: one before it was tried, and none of them left the payment to it"
		}
		r.Gateways = append(r.Gateways, g)
	}
	for _, name := range slices.Sorted(maps.Keys(tried)) {
		if !slices.ContainsFunc(states, func(s GatewayState) bool { return s.Name == name }) {
			r.Gateways = append(r.Gateways, RoutingGateway{
				Gateway: name, Attempts: tried[name], Why: "it was tried, and is not configured any more",
			})
		}
	}
	return r
}
