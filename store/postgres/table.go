package postgres

import (
	"fmt"

	"florin/store"
)

// table writes the changes of one kind of row: new ones with one statement, all
// others with another.
type table[T any] struct {
	insert, update writing
	bind, rebind   func(*columns, *T)
}

// queue appends the statements that write changes.
func (v *table[T]) queue(p *pipe, changes []store.Change[T]) {
	fresh := 0
	for i := range changes {
		if changes[i].New {
			fresh++
		}
	}
	if fresh > 0 {
		rows := newColumns(v.insert.shape, fresh)
		for i := range changes {
			if changes[i].New {
				v.bind(rows, &changes[i].Value)
				rows.end()
			}
		}
		p.insert(v.insert, rows)
	}
	if changed := len(changes) - fresh; changed > 0 {
		rows := newColumns(v.update.shape, changed)
		for i := range changes {
			if !changes[i].New {
				v.rebind(rows, &changes[i].Value)
				rows.end()
			}
		}
		p.update(v.update, rows)
	}
}

// insert appends the statement that inserts rows.
func (p *pipe) insert(w writing, rows *columns) {
	args, err := rows.args()
	if err != nil {
		p.fail(fmt.Errorf("%w: %w", store.ErrRefused, err))
		return
	}
	p.queue(w.statement, nil, args...)
}

// update appends the statement that updates rows.
func (p *pipe) update(w writing, rows *columns) {
	args, err := rows.args()
	if err != nil {
		p.fail(fmt.Errorf("%w: %w", store.ErrRefused, err))
		return
	}
	p.queue(w.statement, nil, append(args, intParam(int64(rows.rows)))...)
}
