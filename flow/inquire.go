package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Inquire settles one open operation: it asks the gateway what became of it, or
// sends again what may be sent again, and records the answer or when to ask
// next. An error that wraps ErrPutOff holds no other inquiry up.
func (s *Service) Inquire(ctx context.Context, due store.Due) error {
	p, err := s.cfg.Store.Payment(ctx, due.Payment)
	if err != nil {
		return readError(err)
	}
	switch due.Kind {
	case ident.Refund:
		return s.inquireRefund(ctx, p, due.Operation)
	case ident.Capture:
		return s.inquireCapture(ctx, p, due.Operation)
	case ident.Dispute:
		return s.inquireDispute(ctx, p, due.Operation)
	default: // an attempt, or its reversal
	}
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == due.Operation })
	if i < 0 {
		return problem.New(problem.Internal, "%s is missing", due.Operation.Text(ident.Attempt))
	}
	a := p.Attempts[i]
	if a.Reversal != nil && a.Reversal.Status == payment.OperationPending {
		return s.reverse(ctx, p, a)
	}
	if !a.Outcome.Open() && a.Inquiry.At.IsZero() {
		return nil
	}
	return s.inquireAttempt(ctx, p, a)
}

func (s *Service) inquireAttempt(ctx context.Context, p payment.Payment, a payment.Attempt) error {
	outcome, err := s.resolve(ctx, a.Gateway, a.ID)
	settle := s.settle(a.ID, outcome, nil)
	settle.Inquired, settle.InquireAt = true, s.inquireAt(a.Inquiry.Count+1)
	lapses := s.lapsesAt(a)
	if outcome.Status == gateway.RequiresAction && s.now().Before(lapses) && settle.InquireAt.After(lapses) {
		settle.InquireAt = lapses
	}
	switch {
	case err != nil:
		settle.Outcome = payment.OutcomeUnknown
	case outcome.Status == gateway.NotFound && s.surelyNotCharged(a):
		settle.Outcome, settle.Reason = payment.OutcomeDeclined, problem.NotCharged
	}
	return putOff(err, s.record(ctx, p, settle))
}

// ErrPutOff is wrapped by what a gateway could not answer, when it has been written
// that it is asked again later.
var ErrPutOff = errors.New("put off")

// putOff returns the error of an operation whose gateway's call ended with callErr,
// and the writing of what became of it with failure.
func putOff(callErr, failure error) error {
	switch {
	case failure != nil:
		return errors.Join(callErr, failure)
	case callErr != nil:
		return fmt.Errorf("%w: %w", ErrPutOff, callErr)
	}
	return nil
}

// challengeLife is how long gateways wait for a cardholder, and a second.
const challengeLife = time.Hour + time.Second

// lapsesAt returns when a challenge that nobody has answered is asked about at the
// latest: its gateway has given it up by then, however late it was sent.
func (s *Service) lapsesAt(a payment.Attempt) time.Time {
	late := s.sentFor()
	if g, ok := s.gateways[a.Gateway]; ok {
		late += g.Capabilities().Settling
	}
	return a.ID.Time().Add(late + challengeLife)
}

// surelyNotCharged tells whether a gateway that has not heard of an attempt will
// not hear of it any more: it is strongly consistent, and its settling time has
// passed since the request can have been sent last.
func (s *Service) surelyNotCharged(a payment.Attempt) bool {
	can := s.gateways[a.Gateway].Capabilities()
	return can.Consistent && s.now().Sub(a.ID.Time()) > s.sentFor()+can.Settling
}

func (s *Service) inquireRefund(ctx context.Context, p payment.Payment, id ident.ID) error {
	r, ok := refundOf(p, id)
	if !ok {
		return problem.New(problem.Internal, "%s is missing", id.Text(ident.Refund))
	}
	if r.Status != payment.OperationPending {
		return nil
	}
	outcome, err := s.resolve(ctx, r.Gateway, r.ID)
	if err == nil && outcome.Status == gateway.NotFound {
		_, err = s.giveBack(ctx, p, id, nil, true)
		return err
	}
	command := &settleRefundCommand{payment: p, settle: s.settleRefund(r, outcome, err, true)}
	return putOff(err, s.cfg.Commit.Do(s.shard(p.ID), true, command))
}

// resolve asks a gateway about an operation.
func (s *Service) resolve(ctx context.Context, name string, operation ident.ID) (gateway.Outcome, error) {
	g, ok := s.gateways[name]
	if !ok {
		err := problem.New(problem.Internal, "gateway %s is not configured any more", name)
		s.cfg.Alert("an open operation cannot be asked about", err)
		return gateway.Outcome{}, err
	}
	ctx, cancel := s.detached(ctx)
	defer cancel()
	return g.Resolve(ctx, operation)
}

// record writes an attempt's outcome that was learned apart from its call, and
// takes a late approval back.
func (s *Service) record(ctx context.Context, p payment.Payment, settle payment.Settle) error {
	command := &settleCommand{payment: p, settle: settle}
	if err := s.cfg.Commit.Do(s.shard(p.ID), true, command); err != nil {
		return err
	}
	s.takeBack(ctx, command.decided, settle.Attempt)
	return nil
}

// gatewayOf returns the gateway that an operation of a payment is sent to.
func gatewayOf(p payment.Payment, operation ident.ID) string {
	if r, ok := refundOf(p, operation); ok {
		return r.Gateway
	}
	charge := operation
	if c, ok := captureOf(p, operation); ok {
		charge = c.Attempt
	}
	for _, a := range p.Attempts {
		if a.ID == charge || a.Reversal != nil && a.Reversal.ID == charge {
			return a.Gateway
		}
	}
	return ""
}

// Notice takes what a gateway tells unasked. A nil error means that it is
// durable, or that it is nothing of ours.
func (s *Service) Notice(ctx context.Context, n gateway.Notice) error {
	id, err := s.cfg.Store.PaymentOf(ctx, n.Operation)
	if errors.Is(err, store.ErrNotFound) {
		if n.Dispute == nil && n.Outcome.Status == gateway.Declined {
			return nil // a refused reversal, which was tried again under another id
		}
		s.cfg.Alert("a gateway reports an operation that is not ours",
			problem.New(problem.NotFound, "%s: %x", n.Gateway, n.Operation))
		return nil
	}
	if err != nil {
		return readError(err)
	}
	p, err := s.cfg.Store.Payment(ctx, id)
	if err != nil {
		return readError(err)
	}
	if own := gatewayOf(p, n.Operation); own != n.Gateway {
		s.cfg.Alert("a gateway reports an operation of another",
			problem.New(problem.Forbidden, "%s: %x of %s", n.Gateway, n.Operation, own))
		return nil
	}
	if n.Dispute != nil {
		return s.noticeDispute(p, n)
	}
	if _, ok := outcomes[n.Outcome.Status]; !ok {
		s.cfg.Alert("a gateway reports no outcome",
			problem.New(problem.Internal, "%s: %q of %x", n.Gateway, n.Outcome.Status, n.Operation))
		return nil
	}
	if c, ok := captureOf(p, n.Operation); ok {
		settle := s.settleCapture(c, n.Outcome, nil, false)
		settle.Keep = true
		command := &settleCaptureCommand{payment: p, settle: settle}
		return s.cfg.Commit.Do(s.shard(id), true, command)
	}
	if r, ok := refundOf(p, n.Operation); ok {
		command := &settleRefundCommand{payment: p, settle: s.settleRefund(r, n.Outcome, nil, false)}
		return s.cfg.Commit.Do(s.shard(id), true, command)
	}
	if slices.ContainsFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == n.Operation }) {
		return s.record(ctx, p, s.settle(n.Operation, n.Outcome, nil))
	}
	return nil
}
