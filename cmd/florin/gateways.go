package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"florin/access"
	"florin/api"
	"florin/flow"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/problem"
)

// defaultDeadline is how long a call to a gateway may take.
const defaultDeadline = 8 * time.Second

// gateways are the configured gateways, in the order in which they are tried. It
// implements api.Gateways.
type gateways struct {
	list        []connector
	configuring sync.Mutex
}

// connector is one gateway: behind its guard, and itself.
type connector struct {
	guard     *gateway.Guard
	kind      string
	simulated *simulated.Gateway
	deadline  time.Duration
}

// gatewayDir is where the simulated gateways keep their journals.
func gatewayDir(cfg config.Config) string { return filepath.Join(cfg.Data, "gateway") }

// openGateways opens them; changed is told when the breaker of one opens or closes.
func openGateways(cfg config.Config, c clock.Clock, changed func(name string, open bool)) (*gateways, error) {
	all := &gateways{}
	for _, g := range cfg.Gateways {
		sim, err := simulated.Open(simulated.Config{Name: g.Name, Dir: gatewayDir(cfg), Clock: c, Chance: newChance()})
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		deadline := g.Deadline
		if deadline == 0 {
			deadline = defaultDeadline
		}
		if sim.Capabilities().Test && cfg.Mode == access.Live {
			err := fmt.Errorf("gateway %s moves no real money: a live store cannot use it", g.Name)
			return nil, errors.Join(err, sim.Close(), all.close())
		}
		all.list = append(all.list, connector{
			kind: g.Kind, simulated: sim, deadline: deadline,
			guard: gateway.NewGuard(sim, gateway.GuardConfig{
				FailureThreshold: g.FailureThreshold, OpenFor: g.OpenFor, Deadline: deadline,
				MaxConcurrent: g.MaxConcurrent, Observe: func(open bool) { changed(g.Name, open) },
			}),
		})
	}
	return all, nil
}

// flow returns the gateways as the flows call them.
func (g *gateways) flow() []flow.Gateway {
	list := make([]flow.Gateway, len(g.list))
	for i, c := range g.list {
		list[i] = c.guard
	}
	return list
}

// deadline returns the longest that a call to any gateway may take.
func (g *gateways) deadline() time.Duration {
	longest := time.Duration(0)
	for _, c := range g.list {
		longest = max(longest, c.deadline)
	}
	return longest
}

// listen sets who is told what the gateways tell unasked.
func (g *gateways) listen(l gateway.Listener) {
	for _, c := range g.list {
		c.simulated.Listen(l)
	}
}

// Gateways implements api.Gateways.
func (g *gateways) Gateways() []api.GatewayState {
	states := make([]api.GatewayState, len(g.list))
	for i, c := range g.list {
		can := c.guard.Capabilities()
		states[i] = api.GatewayState{
			Name: c.guard.Name(), Kind: c.kind, Breaker: c.guard.State(), Available: c.guard.Available(),
			Consistent: can.Consistent, Settling: can.Settling, Test: can.Test, Settings: c.simulated.Settings(),
			MultipleCapture: can.MultipleCapture, PartialCapture: can.PartialCapture, Void: can.Void,
		}
	}
	return states
}

// Configure implements api.Gateways.
func (g *gateways) Configure(name string, merge func(settings any) error) error {
	i := slices.IndexFunc(g.list, func(c connector) bool { return c.guard.Name() == name })
	if i < 0 {
		return problem.New(problem.NotFound, "there is no gateway %s", name)
	}
	g.configuring.Lock()
	defer g.configuring.Unlock()
	settings := g.list[i].simulated.Settings()
	if err := merge(&settings); err != nil {
		return err
	}
	if err := g.list[i].simulated.Set(settings); err != nil {
		return err
	}
	g.list[i].guard.Reset() // who mends a gateway need not wait for it
	return nil
}

// breakers tells which breakers are not closed.
func (g *gateways) breakers(visit func(name string, open bool)) {
	for _, c := range g.list {
		visit(c.guard.Name(), c.guard.State() != "closed")
	}
}

// serveAt says where the challenges of the simulated gateways are served.
func (g *gateways) serveAt(base string) error {
	var errs []error
	for _, c := range g.list {
		errs = append(errs, c.simulated.ServeAt(base))
	}
	return errors.Join(errs...)
}

// Challenge implements api.Challenges.
func (g *gateways) Challenge(ctx context.Context, name string, operation ident.ID) (api.Challenge, error) {
	for _, c := range g.list {
		if c.guard.Name() == name {
			challenge, err := c.simulated.Challenge(ctx, operation)
			return api.Challenge(challenge), err
		}
	}
	return api.Challenge{}, problem.New(problem.NotFound, "there is no such challenge")
}

// EndChallenge implements api.Challenges.
func (g *gateways) EndChallenge(ctx context.Context, name string, operation ident.ID, passed bool) error {
	for _, c := range g.list {
		if c.guard.Name() == name {
			return c.simulated.EndChallenge(ctx, operation, passed)
		}
	}
	return problem.New(problem.NotFound, "there is no such challenge")
}

func (g *gateways) close() error {
	var errs []error
	for _, c := range g.list {
		errs = append(errs, c.simulated.Close())
	}
	return errors.Join(errs...)
}
