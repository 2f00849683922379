package api_test

import (
	"context"

	"florin/flow"
	"florin/ident"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// The transfers of fakeFlows: their outcome goes by the amount.
const (
	shortAmount   = 402
	pendingAmount = 202
)

func (f *fakeFlows) Transfer(_ context.Context, r flow.Transfer) (flow.TransferResult, error) {
	if err := f.ask(r); err != nil {
		return flow.TransferResult{}, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(r.FromUserID))
	if err != nil {
		return flow.TransferResult{}, err
	}
	if r.Amount.Minor == shortAmount {
		return flow.TransferResult{Replayed: replayed}, problem.New(problem.InsufficientFunds, "the wallet has too little")
	}
	if replayed {
		t, err := find(f, f.transfers, id)
		return flow.TransferResult{Transfer: t, Replayed: true}, err
	}
	t := wallet.Transfer{
		ID: id, FromUserID: r.FromUserID, ToUserID: r.ToUserID, Amount: r.Amount, Details: r.Details,
		Status: wallet.TransferSucceeded, Version: 1,
	}
	if r.Amount.Minor == pendingAmount {
		t.Status = wallet.TransferPending
	}
	keep(f, f.transfers, id, t)
	return flow.TransferResult{Transfer: t}, nil
}

func (f *fakeFlows) TransferBatch(ctx context.Context, requests []flow.Transfer) []flow.TransferResult {
	results := make([]flow.TransferResult, len(requests))
	for i, r := range requests {
		var err error
		results[i], err = f.Transfer(ctx, r)
		results[i].Err = err
	}
	return results
}

func (f *fakeFlows) TransferByID(_ context.Context, id ident.ID) (wallet.Transfer, error) {
	return find(f, f.transfers, id)
}

func (f *fakeFlows) Transfers(_ context.Context, q store.TransferQuery) ([]wallet.Transfer, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.transfers, q.Page), nil
}
