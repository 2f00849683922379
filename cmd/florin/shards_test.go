package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"florin/store"
)

func TestShardsOfAnEmbeddedStore(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	r.pay(r.key())
	var rows []shardRow
	text := mustFlorin(t, "shards", "status", "--data", r.dir, "--json") // while it runs
	if err := json.Unmarshal([]byte(text), &rows); err != nil || len(rows) != 4 {
		t.Fatalf("%s: %v", text, err)
	}
	for i, row := range rows {
		payments := int64(0)
		if i == 1 { // user 1's
			payments = 1
		}
		if row.Shard != i || row.Payments != payments || row.SizeBytes < 4096 || row.Epoch != 0 || row.Partitions != nil ||
			!strings.HasSuffix(row.Where, fmt.Sprintf("shard-%d.db", i)) {
			t.Errorf("shard %d is %+v", i, row)
		}
	}
	table := mustFlorin(t, "shards", "status", "--data", r.dir)
	if strings.Count(table, "\n") != 5 || !strings.Contains(table, "~1 ") {
		t.Errorf("the table is\n%s", table)
	}
	if got := florin(t, "shards", "status", "--data", t.TempDir()); got.code != 1 ||
		!strings.Contains(got.err, "there is no store") {
		t.Errorf("without a store: %+v", got)
	}
}

func TestWhatAShardTells(t *testing.T) {
	t.Parallel()
	status := store.Status{
		Where: "127.0.0.1:5432/florin_0", SizeBytes: 5 << 20, Payments: 1234567, Epoch: 2,
		Connections: store.Connections{InUse: 1, Open: 3, Max: 20},
		Partitions:  store.Partitions{First: "2026-10", Last: "2027-02", Count: 5},
		Replicas: []store.ReplicaStatus{
			{Server: "a:1", Weight: 50, Compared: true, Read: true},
			{Server: "b:1", Weight: 50, Compared: true, LagBytes: 2048, Lag: 1500 * time.Millisecond, Read: true},
			{Server: "c:1", Weight: 50, Err: store.ErrUnavailable},
		},
	}
	var out strings.Builder
	rows := []shardRow{rowOfShard(0, status, nil), rowOfShard(1, store.Status{}, store.ErrUnavailable)}
	if err := printShards(&console{out: &out}, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"127.0.0.1:5432/florin_0", "5.0 MB", "~1,234,567", "1 in use, 3 open, 20 a process", "2026-10 to 2027-02, 5",
		"a:1 is read from, up to date; b:1 is read from, 2,048 bytes, 1.5s behind; c:1 is not read from: store: unavailable",
		"does not answer: store: unavailable",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	text, err := json.Marshal(rows[0].Replicas)
	const want = `[{"server":"a:1","weight":50,"lag_bytes":0,"lag_ms":0,"read":true},` +
		`{"server":"b:1","weight":50,"lag_bytes":2048,"lag_ms":1500,"read":true},` +
		`{"server":"c:1","weight":50,"read":false,"error":"store: unavailable"}]`
	if err != nil || string(text) != want {
		t.Errorf("the replicas are %s, %v, want %s", text, err, want)
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 shards", 1: "1 shard", 2: "2 shards"} {
		if got := counted(n, "shard"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
