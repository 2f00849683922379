package sim

import (
	"context"
	"fmt"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
)

// chargeDeadline is flow.Config's default, which the gateways here play. A charge
// is sent within sentFor of its attempt, unless the process stalls.
const (
	chargeDeadline = 8 * time.Second
	sentFor        = chargeDeadline + chargeDeadline/2
)

// provider is a gateway as the instances see it: the simulated one, behind a
// line that fails. It outlives the instances.
type provider struct {
	w         *world
	inner     *simulated.Gateway
	downUntil time.Time
	// landing are operations that were sent and have not taken effect, each with
	// how many of its requests are on the way.
	landing map[ident.ID]int
	timers  map[int]time.Time // when it goes on by itself
	timer   int               // the last one's number
	telling int               // what it does by itself just now
}

var _ interface {
	gateway.Gateway
	Available() bool
} = (*provider)(nil)

func newProvider(w *world, name string) (*provider, error) {
	p := &provider{w: w, landing: map[ident.ID]int{}, timers: map[int]time.Time{}}
	var err error
	p.inner, err = simulated.Open(simulated.Config{
		Name: name, Clock: gatewayClock{simClock{w}, p}, Chance: newDice(w.cfg.Seed, streamGateways).Uint64,
		Listener: p.tell,
		Spawn: func(work func()) {
			p.telling++
			w.spawn(nil, name+" goes on", func() {
				work()
				p.telling--
			})
		},
	})
	return p, err
}

// gatewayClock is a gateway's clock, which knows what the gateway has still to do.
type gatewayClock struct {
	simClock
	p *provider
}

// AfterFunc implements clock.Clock.
func (c gatewayClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.p.timer++
	number := c.p.timer
	c.p.timers[number] = c.w.now().Add(d)
	stop := c.simClock.AfterFunc(d, func() {
		delete(c.p.timers, number)
		f()
	})
	return func() bool {
		delete(c.p.timers, number)
		return stop()
	}
}

// Name implements gateway.Gateway.
func (p *provider) Name() string { return p.inner.Name() }

// Capabilities implements gateway.Gateway.
func (p *provider) Capabilities() gateway.Capabilities { return p.inner.Capabilities() }

// Available implements flow.Gateway.
func (p *provider) Available() bool { return !p.down() }

func (p *provider) down() bool { return !p.w.calm && p.w.now().Before(p.downUntil) }

// Charge implements gateway.Gateway.
func (p *provider) Charge(ctx context.Context, c gateway.Charge) (gateway.Outcome, error) {
	p.w.pause()
	p.w.audit.charging(p, c)
	if p.w.broken(ChargeTwice, 0.05) {
		again := c
		again.Operation = p.w.ids.New(int64(c.Operation.Bucket()))
		_, _ = p.inner.Charge(background(), again)
	}
	outcome, err := p.call(ctx, "charge", c.Operation, func() (gateway.Outcome, error) {
		return p.inner.Charge(background(), c)
	})
	if err != nil && p.w.cfg.Break == TrustErrors {
		err = fmt.Errorf("broken: %w: %w", gateway.ErrNotSent, err)
	}
	return outcome, err
}

// Refund implements gateway.Gateway.
func (p *provider) Refund(ctx context.Context, r gateway.Refund) (gateway.Outcome, error) {
	p.w.pause()
	p.w.audit.refunding(p, r)
	return p.call(ctx, "refund", r.Operation, func() (gateway.Outcome, error) {
		return p.inner.Refund(background(), r)
	})
}

// Void implements gateway.Gateway.
func (p *provider) Void(ctx context.Context, v gateway.Void) (gateway.Outcome, error) {
	p.w.pause()
	p.w.audit.voiding(p, v)
	if p.w.cfg.Break == ForgetVoid {
		return gateway.Outcome{Status: gateway.Approved}, nil
	}
	return p.call(ctx, "void", v.Operation, func() (gateway.Outcome, error) {
		return p.inner.Void(background(), v)
	})
}

// Capture implements gateway.Gateway.
func (p *provider) Capture(ctx context.Context, c gateway.Capture) (gateway.Outcome, error) {
	p.w.pause()
	p.w.audit.capturing(p, c)
	return p.call(ctx, "capture", c.Operation, func() (gateway.Outcome, error) {
		return p.inner.Capture(background(), c)
	})
}

// SubmitEvidence implements gateway.Gateway.
func (p *provider) SubmitEvidence(ctx context.Context, e gateway.Evidence) (gateway.Outcome, error) {
	p.w.pause()
	p.w.audit.answering(p, e)
	known := p.w.audit.cases[disputeKey{p.Name(), e.Dispute}]
	return p.call(ctx, "evidence", e.Operation, func() (gateway.Outcome, error) {
		if known != nil && known.ours {
			known.evidence = e.Text
			return gateway.Outcome{Status: gateway.Approved}, nil
		}
		return p.inner.SubmitEvidence(background(), e)
	})
}

// Resolve implements gateway.Gateway.
func (p *provider) Resolve(ctx context.Context, operation ident.ID) (gateway.Outcome, error) {
	p.w.pause()
	switch {
	case p.down() || p.w.hit(p.w.faults.resolve):
		p.w.say("%s resolve: no answer", p.Name())
		return gateway.Outcome{}, errLost
	case p.w.hit(p.w.faults.slow):
		p.w.sleep(p.w.faultDice.between(0, 3*time.Second))
	}
	if err := p.listens(ctx); err != nil {
		return gateway.Outcome{}, err
	}
	outcome, err := p.inner.Resolve(background(), operation)
	p.w.say("%s resolve %x: %s", p.Name(), operation[:8], outcome.Status)
	return outcome, err
}

// listens fails the run when a call ends with its caller's context: from Tx 1 on
// a flow must not listen to it.
func (p *provider) listens(ctx context.Context) error {
	err := canceled(ctx)
	if err != nil {
		p.w.fail("a call to %s ends with its caller's context", p.Name())
	}
	return err
}

// call is one request on the line.
func (p *provider) call(
	ctx context.Context, what string, operation ident.ID, send func() (gateway.Outcome, error),
) (outcome gateway.Outcome, err error) {
	w, f := p.w, &p.w.faults
	if err := p.listens(ctx); err != nil {
		return outcome, err
	}
	how := "ok"
	switch {
	case p.down() || w.hit(f.notSent):
		how, err = "not sent", fmt.Errorf("simulated: %w", gateway.ErrNotSent)
	case w.hit(f.errorBefore):
		how, err = "an error before", errLost
	case w.hit(f.errorAfter):
		_, _ = send()
		how, err = "an error after", errLost
	case w.hit(f.errorLate):
		p.later(operation, send)
		how, err = "an error, later", errLost
	case w.hit(f.hang):
		how, err = p.hang(operation, send), context.DeadlineExceeded
		w.sleep(chargeDeadline)
	case w.hit(f.pending):
		p.later(operation, send)
		how, outcome.Status = "pending", gateway.Pending
	case w.hit(f.pends):
		how = "pending there"
		late := w.faultDice.between(time.Second, 3*time.Minute)
		outcome, err = p.under(simulated.Settings{PendingRate: 1, LateMS: int(late / time.Millisecond)}, send)
	case w.hit(f.unknown):
		_, _ = send()
		how, outcome.Status = "unknown", gateway.Unknown
	case w.hit(f.decline):
		outcome, err = p.under(simulated.Settings{DeclineRate: 1}, send)
	default:
		if w.hit(f.slow) {
			w.sleep(w.faultDice.between(0, 3*time.Second))
		}
		outcome, err = send()
	}
	w.say("%s %s %x: %s %s", p.Name(), what, operation[:8], how, outcome.Status)
	w.count("gateway " + how)
	w.pause() // the answer is on its way
	return outcome, err
}

// hang draws what becomes of a request that is never answered.
func (p *provider) hang(operation ident.ID, send func() (gateway.Outcome, error)) string {
	switch p.w.faultDice.IntN(3) {
	case 0:
		return "hangs, lost"
	case 1:
		_, _ = send()
		return "hangs, done"
	default:
		p.later(operation, send)
		return "hangs, later"
	}
}

// later lets a request take effect later: within the settling time that the
// gateway promises, or not.
func (p *provider) later(operation ident.ID, send func() (gateway.Outcome, error)) {
	settling := p.Capabilities().Settling
	late := p.w.faultDice.between(time.Millisecond, pick(p.w.faultDice, settling, settling/500))
	if p.w.hit(p.w.faults.tardy) {
		late += p.w.faultDice.between(0, 4*time.Minute)
		p.w.audit.excuse(operation)
	}
	p.landing[operation]++
	_, _ = p.under(simulated.Settings{ErrorAfterRate: 1, LateMS: int(late / time.Millisecond)}, send)
}

// under sends under settings.
func (p *provider) under(
	s simulated.Settings, send func() (gateway.Outcome, error),
) (gateway.Outcome, error) {
	if err := p.inner.Set(s); err != nil {
		panic("sim: the simulated gateway refuses its settings: " + err.Error())
	}
	defer func() { _ = p.inner.Set(simulated.Settings{}) }()
	return send()
}
