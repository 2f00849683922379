package sqlite

// generation is the last one of a table whose generations ascend with its ids:
// what is inserted late goes to where its id belongs, so that a search needs to
// look at no others.
type generation struct {
	number int64 // from 1
	first  int64 // the least id that belongs to it
	last   int64 // the greatest id in it
	rows   int64
}

// generationsOf are the queries about a table's generations.
type generationsOf struct {
	count query // number, least id, greatest id and rows of the last one
	from  query // of the first row at an id or after it
	to    query // of the last row at an id or before it
}

func defineGenerations(table string) generationsOf {
	return generationsOf{
		count: define(`SELECT generation, min(id), max(id), count(*) FROM ` + table + `
			WHERE generation = (SELECT max(generation) FROM ` + table + `) GROUP BY generation`),
		from: define(`SELECT generation FROM ` + table + ` WHERE id >= ? ORDER BY id LIMIT 1`),
		to:   define(`SELECT generation FROM ` + table + ` WHERE id <= ? ORDER BY id DESC LIMIT 1`),
	}
}

var (
	transferGenerations = defineGenerations("transfers")
	receivedGenerations = defineGenerations("received_transfers")
	// The entries of accounts that are indexed: their generations ascend with the
	// ids too, which one writer draws and inserts in one order.
	entryGenerations = generationsOf{
		from: define(`SELECT generation FROM ledger_entries WHERE id >= ? AND generation IS NOT NULL ORDER BY id LIMIT 1`),
		to: define(`SELECT generation FROM ledger_entries WHERE id <= ? AND generation IS NOT NULL
			ORDER BY id DESC LIMIT 1`),
	}
	countEntries     = define(`SELECT max(generation) FROM ledger_entries WHERE generation IS NOT NULL`)
	countLastEntries = define(`SELECT count(*) FROM ledger_entries WHERE generation = ?`)
)

// lastGeneration reads a table's last generation.
func (c *conn) lastGeneration(of generationsOf) (g generation, err error) {
	s, err := c.query(of.count)
	if err != nil {
		return g, err
	}
	err = s.each(func(s *stmt) error {
		g = generation{number: s.int(), first: s.int(), last: s.int(), rows: s.int()}
		return nil
	})
	if g.number <= 1 {
		g.number, g.first = 1, 0 // there is none before it
	}
	return g, err
}

// countTransfers reads what the generations of the next rows follow from.
func (c *conn) countTransfers(into *counters) (err error) {
	if into.transfers, err = c.lastGeneration(transferGenerations); err != nil {
		return err
	}
	if into.received, err = c.lastGeneration(receivedGenerations); err != nil {
		return err
	}
	number, err := c.number(countEntries)
	if err != nil {
		return err
	}
	rows, err := c.number(countLastEntries, number)
	into.entry = max(number-1, 0)*generationSize + rows
	return err
}

// place returns the generation of a new row: the last one, a new one when that is
// full, or that of the next row when it comes late.
func (c *conn) place(last *generation, of generationsOf, id int64) (int64, error) {
	if id < last.first {
		number, err := c.number(of.from, id)
		if before := last.number - 1; number == 0 || number > before {
			number = before // the next row may not be inserted yet
		}
		return number, err
	}
	if last.rows >= generationSize && id > last.last {
		*last = generation{number: last.number + 1, first: id}
	}
	last.rows++
	last.last = max(last.last, id)
	return last.number, nil
}

// byGeneration reads a selection, going from generation to generation until the
// limit is reached. The selection's conditions must lead with an index of each
// generation.
func byGeneration[T any](c *conn, q selection, of generationsOf, read func(*stmt) (T, error)) (rows []T, err error) {
	oldest, err := c.number(of.from, q.first)
	if err != nil {
		return nil, err
	}
	newest, err := c.number(of.to, q.last)
	if err != nil || oldest == 0 || newest == 0 {
		return nil, err // nothing is that new, or that old
	}
	at, step := newest, int64(-1)
	if q.ascending {
		at, step = oldest, 1
	}
	q.and("generation = ?")
	s, err := q.prepare(c)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for ; at >= oldest && at <= newest && len(rows) < q.limit; at += step {
		q.bind(s, at)
		if rows, err = collect(s, rows, read); err != nil {
			return nil, err
		}
	}
	return rows[:min(len(rows), q.limit)], nil
}
