package main

import (
	"path/filepath"
	"testing"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/money"
	"florin/vault"
)

// checkShared charges through one process's gateway and asks another's.
func checkShared(t *testing.T, cfg config.Config) {
	t.Helper()
	var both [2]*gateways
	for i := range both {
		opened, err := openGateways(cfg, clock.System{}, func(string, bool) {})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = opened.close() })
		both[i] = opened
	}
	ids := ident.NewSource(0, time.Now, newChance())
	for i := range both {
		charge := gateway.Charge{
			Operation: ids.New(1), Payment: ids.New(1), Amount: money.Amount{Minor: 100, Currency: "EUR"}, Capture: true,
			Card: vault.Card{Number: "4242424242424242", ExpMonth: 12, ExpYear: 2050},
		}
		if o, err := both[i].list[0].guard.Charge(t.Context(), charge); err != nil || o.Status != gateway.Approved {
			t.Fatalf("%+v, %v", o, err)
		}
		other := both[1-i].list[0].guard
		if o, err := other.Resolve(t.Context(), charge.Operation); err != nil || o.Status != gateway.Approved {
			t.Errorf("the other process knows %+v, %v", o, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(gatewayDir(cfg), "*.jsonl"))
	if err != nil || len(files) != 2 {
		t.Errorf("the journals are %v, %v; want one a process", files, err)
	}
}
