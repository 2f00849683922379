package storetest

import (
	"florin/event"
	"florin/store"
)

var eventCases = map[string]func(*fixture){
	"order":            eventOrder,
	"of an object":     eventsOfObject,
	"unique":           eventUnique,
	"of another shard": eventOfAnotherShard,
}

func eventOrder(f *fixture) {
	userID := f.user(0, 1)
	var want []event.Event
	for range 3 {
		object := f.ids.New(userID)
		// Not in the order of their ids: the list's order counts.
		b, a := f.event(userID, object, 1), f.event(userID, object, 2)
		f.commit(0, store.Changes{Events: []event.Event{a, b}})
		want = append(want, a, b)
	}
	got, err := f.store.Events(f.ctx, 0, 0, 100)
	f.check(err)
	var last event.Position
	for i := range got {
		if got[i].Position <= last {
			f.Errorf("position %d comes after %d", got[i].Position, last)
		}
		last = got[i].Position
	}
	same(f, unplaced(got), want)

	behind, err := f.store.Events(f.ctx, 0, got[1].Position, 3)
	f.check(err)
	same(f, behind, got[2:5])
	behind, err = f.store.Events(f.ctx, 0, last, 3)
	f.check(err)
	same(f, behind, nil)
	latest, err := f.store.LatestEvents(f.ctx, 0, 2)
	f.check(err)
	same(f, latest, []event.Stored{got[5], got[4]})
}

func unplaced(stored []event.Stored) (events []event.Event) {
	for _, e := range stored {
		events = append(events, e.Event)
	}
	return events
}

func eventUnique(f *fixture) {
	userID := f.user(0, 1)
	object := f.ids.New(userID)
	first := f.event(userID, object, 1)
	f.commit(0, store.Changes{Events: []event.Event{first}})
	p := f.payment(userID)
	err := f.try(0, store.Changes{
		Payments: fresh(p),
		Events:   []event.Event{f.event(userID, object, 2), f.event(userID, object, 1)},
	})
	f.want(err, store.ErrRefused)
	_, err = f.store.Payment(f.ctx, p.ID)
	f.want(err, store.ErrNotFound)
	second := f.event(userID, object, 2)
	f.commit(0, store.Changes{Events: []event.Event{second}})
	got, err := f.store.Events(f.ctx, 0, 0, 100)
	f.check(err)
	same(f, unplaced(got), []event.Event{first, second})
}

func eventOfAnotherShard(f *fixture) {
	f.twoShards()
	userID := f.user(1, 1)
	err := f.try(0, store.Changes{Events: []event.Event{f.event(userID, f.ids.New(userID), 1)}})
	f.want(err, store.ErrRefused)
	f.works(0)
}

func eventsOfObject(f *fixture) {
	userID := f.user(0, 1)
	object, other := f.ids.New(userID), f.ids.New(userID)
	first, second, foreign := f.event(userID, object, 1), f.event(userID, object, 2), f.event(userID, other, 1)
	f.commit(0, store.Changes{Events: []event.Event{second, foreign}})
	f.commit(0, store.Changes{Events: []event.Event{first}})
	got, err := f.store.EventsOf(f.ctx, object)
	f.check(err)
	same(f, unplaced(got), []event.Event{first, second})
	got, err = f.store.EventsOf(f.ctx, f.ids.New(userID))
	f.check(err)
	same(f, got, nil)
}
