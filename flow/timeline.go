package flow

import (
	"context"
	"slices"

	"florin/event"
	"florin/ident"
	"florin/payment"
)

// Timeline returns a payment with the events of it and of all that was done for
// it, in the order of commit.
func (s *Service) Timeline(ctx context.Context, id ident.ID) (payment.Payment, []event.Stored, error) {
	p, err := s.Payment(ctx, id)
	if err != nil {
		return p, nil, err
	}
	var events []event.Stored
	for _, object := range timelineObjects(p) {
		some, err := s.cfg.Store.EventsOf(ctx, object)
		if err != nil {
			return p, nil, readError(err)
		}
		events = append(events, some...)
	}
	slices.SortFunc(events, func(a, b event.Stored) int { return int(a.Position - b.Position) })
	return p, events, nil
}

// timelineObjects lists the objects whose events tell a payment's story.
func timelineObjects(p payment.Payment) []ident.ID {
	objects := []ident.ID{p.ID}
	for _, c := range p.Captures {
		objects = append(objects, c.ID)
	}
	for _, r := range p.Refunds {
		objects = append(objects, r.ID)
	}
	return objects
}
