package local_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"florin/cache/local"
	"florin/flow"
	"florin/ident"
	"florin/vault"
)

var _ flow.MethodCache = (*local.Methods)(nil)

func newMethods(t *testing.T, cfg local.Config) *local.Methods {
	t.Helper()
	m, err := local.NewMethods(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func id(n int64) ident.ID { return ident.FromHalves(n, -1<<63) }

func version(n int64) vault.PaymentMethod { return vault.PaymentMethod{ID: id(1), Version: n} }

func TestTheLaterVersionStays(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int64{{1, 2}, {2, 1}, {1, 3, 2}, {3, 3, 1}} {
		m := newMethods(t, local.Config{})
		last := int64(0)
		for _, n := range order {
			m.Put(version(n))
			last = max(last, n)
		}
		if got, ok := m.Get(id(1)); !ok || got.Version != last {
			t.Errorf("put in the order %v, version %d stays, want %d", order, got.Version, last)
		}
	}
}

func TestTheLaterVersionStaysUnderContention(t *testing.T) {
	t.Parallel()
	m := newMethods(t, local.Config{})
	var wait sync.WaitGroup
	const versions = 500
	for n := range int64(versions) {
		wait.Go(func() { m.Put(version(n + 1)) })
	}
	wait.Wait()
	if got, ok := m.Get(id(1)); !ok || got.Version != versions {
		t.Errorf("version %d stays, want %d", got.Version, versions)
	}
}

func TestItForgets(t *testing.T) {
	t.Parallel()
	const size = 1000
	m := newMethods(t, local.Config{Size: size})
	for n := range int64(20 * size) {
		m.Put(vault.PaymentMethod{ID: id(n), Version: 1})
	}
	kept := 0
	for n := range int64(20 * size) {
		if _, ok := m.Get(id(n)); ok {
			kept++
		}
	}
	if kept == 0 || kept > 2*size {
		t.Errorf("%d of %d are kept, want about %d", kept, 20*size, size)
	}
	if _, ok := m.Get(id(-1)); ok {
		t.Error("what was never put is found")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []local.Config{{Size: -1}, {Expiry: -time.Second}} {
		if _, err := local.NewMethods(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := local.NewMethods(local.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		m.Put(version(1))
		time.Sleep(59 * time.Minute)
		if _, ok := m.Get(id(1)); !ok {
			t.Error("it is gone before its hour")
		}
		time.Sleep(2 * time.Minute)
		if _, ok := m.Get(id(1)); ok {
			t.Error("it is there after its hour")
		}
	})
}
