package move

import (
	"context"
	"errors"
	"fmt"

	"florin/ident"
	"florin/store"
)

// maxWaiting is how many chunks' rows are held at most, however many shards they
// are for.
const maxWaiting = 8

// copied is a part, whatever its rows are.
type copied interface {
	title() string
	copy(ctx context.Context, m *mover) (rows int64, err error)
	compare(ctx context.Context, m *mover) (Compared, error)
}

func (p part[T]) title() string { return p.name }

// sources opens the part's streams of all shards of the source.
func (p part[T]) sources(ctx context.Context, m *mover) []stream[T] {
	var list []stream[T]
	for shard, s := range m.from {
		list = append(list, p.source(ctx, m.shards, view{s, m.cfg.Source, shard})...)
	}
	return list
}

// chunk is rows on their way to one shard of the target.
type chunk struct {
	rows   store.Fill
	before int64 // the part's rows that the shard has
	size   int
}

// copy writes the part's rows that the target does not have yet. Each shard of the
// target gets its own in the source's order, so that a count tells which are there.
func (p part[T]) copy(ctx context.Context, m *mover) (rows int64, err error) {
	chunks, waiting := make([]chunk, m.to), 0
	skip := make([]int64, m.to)
	for shard := range chunks {
		skip[shard] = m.filled[shard][p.name]
		chunks[shard].before = skip[shard]
	}
	err = merged(p.sources(ctx, m), p.less, func(v T) error {
		rows++
		shard := ident.Shard(p.user(&v), m.to)
		if skip[shard] > 0 {
			skip[shard]--
			return m.step()
		}
		p.put(&chunks[shard].rows, v)
		chunks[shard].size++
		if waiting++; chunks[shard].size < m.cfg.Rows && waiting < maxWaiting*m.cfg.Rows {
			return m.step()
		}
		waiting = 0
		return errors.Join(m.write(ctx, p.name, chunks), m.step())
	})
	if err == nil {
		err = m.write(ctx, p.name, chunks)
	}
	for shard := range skip {
		if err == nil && skip[shard] > 0 {
			err = fmt.Errorf("shard %d of the target has %d more rows than the source", shard, skip[shard])
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.name, err)
	}
	return rows, err
}

// write writes all chunks that have rows, some shards at a time.
func (m *mover) write(ctx context.Context, name string, chunks []chunk) error {
	failures := make([]error, len(chunks))
	m.cfg.Each(len(chunks), m.cfg.Writers, func(shard int) {
		c := &chunks[shard]
		if c.size == 0 {
			return
		}
		if failures[shard] = m.cfg.Before(name, shard); failures[shard] != nil {
			return
		}
		after := c.before + int64(c.size)
		failures[shard] = m.cfg.Target.Fill(ctx, shard, m.move.Copy, name, c.before, after, &c.rows)
		*c = chunk{before: after}
	})
	return errors.Join(failures...)
}
