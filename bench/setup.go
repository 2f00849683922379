package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// User is a user with a stored card.
type User struct {
	ID     int64
	Method string
}

// setupClients is how many cards are stored at a time.
const setupClients = 64

// StoreCards stores the test card for each user, and returns the users in the
// same order. Every process is asked for each of them, and keeps it near as it does
// in the long run. It is not measured.
func StoreCards(ctx context.Context, target Target, ids []int64, keys string, p *progress) (users []User, err error) {
	for i, addr := range target.Addrs {
		one := target
		one.Addrs = []string{addr}
		done := int64(i * len(ids))
		each := func(n int64) { p.set((done + n) / int64(len(target.Addrs))) }
		if users, err = storeCards(ctx, one, ids, keys, each); err != nil {
			return nil, err
		}
	}
	return users, nil
}

func storeCards(
	ctx context.Context, target Target, ids []int64, keys string, progress func(done int64),
) ([]User, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	users := make([]User, len(ids))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for worker := range min(setupClients, len(ids)) {
		wait.Go(func() {
			conn := target.exchanger(worker)
			defer conn.Close()
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= int64(len(ids)) {
					return
				}
				method, err := storeCard(ctx, conn, target.Repeat, ids[i], keys)
				if err != nil {
					cancel(err)
					return
				}
				users[i] = User{ids[i], method}
				progress(done.Add(1))
			}
		})
	}
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("store the users' cards: %w", err)
	}
	return users, nil
}

func storeCard(ctx context.Context, conn Exchanger, repeat bool, userID int64, keys string) (string, error) {
	body, err := cardBody(userID, time.Now())
	if err != nil {
		return "", err
	}
	request := &Request{
		Path: pathMethods, Body: body, Key: strconv.AppendInt([]byte(keys+"-card-"), userID, 10),
	}
	var method string
	var unused Tally
	err = exchange(ctx, conn, request, repeat, &unused, func(res Response) (unanswered bool, err error) {
		a := answer{http: res.Status}
		if repeat && a.readProblem(res.Body) && a.verdict() == again {
			return true, nil
		}
		a = answer{http: res.Status}
		if res.Status != 201 || !a.readPayment(res.Body) || len(a.id) == 0 {
			return false, fmt.Errorf("POST %s was answered %d: %.300s", pathMethods, res.Status, res.Body)
		}
		method = string(a.id)
		return false, nil
	})
	return method, err
}

// firstUsers returns 1 to n.
func firstUsers(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}
