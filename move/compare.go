package move

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

// maxNamed is how many rows of a part are named that differ.
const maxNamed = 20

// Compared is what was found of a part's rows in both stores.
type Compared struct {
	Part string `json:"part"`
	Rows int64  `json:"rows"` // of the source, as the target is to have them
	// Found is how many of them were also read one by one, by their ids.
	Found int64 `json:"found"`
	// Different counts rows that are missing, too many, or not the same.
	Different int64    `json:"different"`
	Named     []string `json:"named,omitempty"`
}

func (c *Compared) differ(what string, args ...any) {
	if c.Different++; c.Different <= maxNamed {
		c.Named = append(c.Named, fmt.Sprintf(what, args...))
	}
}

// compare reads the part's rows in both stores, in the same order, and holds each
// of the source's against the target's.
func (p part[T]) compare(ctx context.Context, m *mover) (c Compared, err error) {
	c.Part = p.name
	if p.target == nil {
		return c, nil
	}
	targets := make([]*puller[T], m.to)
	for shard, s := range m.into {
		targets[shard] = pull(p.target(ctx, view{s, m.cfg.Target, shard}))
		defer targets[shard].stop()
	}
	var asked []T
	err = merged(p.sources(ctx, m), p.less, func(want T) error {
		c.Rows++
		got := targets[ident.Shard(p.user(&want), m.to)]
		switch {
		case got.err != nil:
			return got.err
		case !got.some:
			c.differ("%s is missing", p.label(&want))
		default:
			p.hold(&c, want, got.row)
			got.advance()
		}
		if asked = append(asked, want); len(asked) == maxAsked {
			err := p.ask(ctx, m, &c, asked)
			asked = asked[:0]
			return err
		}
		return m.step()
	})
	if err == nil {
		err = p.ask(ctx, m, &c, asked)
	}
	for shard, got := range targets {
		if err == nil {
			err = got.err
		}
		for err == nil && got.some {
			c.differ("%s on shard %d of the target is in no place of the source", p.label(&got.row), shard)
			got.advance()
			err = got.err
		}
	}
	if err != nil {
		err = fmt.Errorf("compare %s: %w", p.name, err)
	}
	return c, err
}

// hold compares a row with what the target has in its place.
func (p part[T]) hold(c *Compared, want, got T) {
	if p.bare != nil {
		want, got = p.bare(want), p.bare(got)
	}
	if !same(want, got) {
		c.differ("%s is %s, in the target %s: %s", p.label(&want), text(want), p.label(&got), text(got))
	}
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// text shows a row that differs, in one short line.
func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(data[:min(len(data), 1500)])
}

// Rows that are asked for by their ids are gathered, so that some are read at a
// time.
const (
	maxAsked = 256
	asking   = 4
)

// ask reads rows one by one, as the API does, and compares them.
func (p part[T]) ask(ctx context.Context, m *mover, c *Compared, rows []T) error {
	if p.find == nil || !m.cfg.Verify {
		return nil
	}
	got, failures := make([]T, len(rows)), make([]error, len(rows))
	m.cfg.Each(len(rows), asking, func(i int) { got[i], failures[i] = p.find(ctx, m.cfg.Target, &rows[i]) })
	for i, err := range failures {
		if err != nil {
			return fmt.Errorf("%s: %w", p.label(&rows[i]), err)
		}
		p.hold(c, rows[i], got[i])
		c.Found++
	}
	return nil
}

// digest is a sum of hashes: of the same rows it is the same in any order.
type digest struct {
	rows int64
	sum  [4]uint64
}

func (d *digest) add(c *store.Claim) {
	var b bytes.Buffer
	for _, part := range [][]byte{[]byte(c.Scope), []byte(c.Key), []byte(c.Kind), c.Answer} {
		_ = binary.Write(&b, binary.BigEndian, int64(len(part))) // a buffer takes everything
		b.Write(part)
	}
	_ = binary.Write(&b, binary.BigEndian, []int64{c.Hash, c.UserID, c.At.UnixMilli()})
	_ = binary.Write(&b, binary.BigEndian, c.Answer == nil)
	b.Write(c.Digest[:])
	b.Write(c.Object[:])
	hash := sha256.Sum256(b.Bytes())
	for i := range d.sum {
		d.sum[i] += binary.BigEndian.Uint64(hash[8*i:])
	}
	d.rows++
}

// compareClaims compares the claims of each shard of the target by their digest,
// since the engines have them in different orders.
func (m *mover) compareClaims(ctx context.Context) (c Compared, err error) {
	c.Part = "claims"
	want := make([]digest, m.to)
	for _, s := range m.from {
		err := s.Claims(ctx, func(v store.Claim) error {
			c.Rows++
			want[ident.Shard(v.UserID, m.to)].add(&v)
			return m.step()
		})
		if err != nil {
			return c, fmt.Errorf("compare claims: %w", err)
		}
	}
	for shard, s := range m.into {
		var got digest
		if err := s.Claims(ctx, func(v store.Claim) error { got.add(&v); return nil }); err != nil {
			return c, fmt.Errorf("compare claims: %w", err)
		}
		if got != want[shard] {
			c.differ("shard %d of the target has %d claims, and they are not the %d that it is to have",
				shard, got.rows, want[shard].rows)
		}
	}
	return c, nil
}

// balance is an account without its shard and slot.
type balance struct {
	name     ledger.Name
	currency money.Currency
}

// compareSystem compares what all shards' system accounts have together.
func (m *mover) compareSystem(ctx context.Context) (c Compared, err error) {
	c.Part = "system_accounts"
	want, err := totals(ctx, m.from)
	if err != nil {
		return c, fmt.Errorf("compare system accounts: %w", err)
	}
	got, err := totals(ctx, m.into)
	if err != nil {
		return c, fmt.Errorf("compare system accounts: %w", err)
	}
	for key := range want {
		c.Rows++
		if got[key] != want[key] {
			c.differ("%s %s has %s, in the target %s", key.name, key.currency, want[key], got[key])
		}
	}
	for _, key := range slices.Collect(maps.Keys(got)) {
		if _, ok := want[key]; !ok && !got[key].IsZero() {
			c.differ("%s %s has nothing, in the target %s", key.name, key.currency, got[key])
		}
	}
	return c, nil
}

func totals(ctx context.Context, snapshots []store.Snapshot) (map[balance]money.Sum, error) {
	sums := map[balance]money.Sum{}
	for _, s := range snapshots {
		err := s.Accounts(ctx, func(a ledger.Account) error {
			if _, ofUser := a.Name.UserID(); ofUser {
				return nil
			}
			key := balance{a.Name, a.Currency}
			sum, err := sums[key].Plus(a.Balance)
			sums[key] = sum
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sums, nil
}
