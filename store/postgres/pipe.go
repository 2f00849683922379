package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"florin/store"
)

// pipe is statements that are sent together: one round trip. What follows an error
// is skipped.
type pipe struct {
	steps []step
	after []func() // run when all results were read
	err   error    // the first that was found before anything was sent
}

// step is a statement with its parameters; read visits its rows.
type step struct {
	*statement
	args [][]byte
	read func(*row) error
}

// queue appends a statement.
func (p *pipe) queue(s *statement, read func(*row) error, args ...[]byte) {
	p.steps = append(p.steps, step{s, args, read})
}

func (p *pipe) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// binaryFormats is the format of all parameters and results.
var binaryFormats = []int16{1}

// preparedKey is where a connection remembers what it has prepared.
const preparedKey = "florin: prepared"

// send sends what is in the pipe and reads the results. Its error is as the driver
// gives it; done is how many steps were carried out before it, and tag what a
// COMMIT among them answered.
func (c *conn) send(ctx context.Context, p *pipe, keep bool) (done int, tag string, err error) {
	if p.err != nil {
		return 0, "", p.err
	}
	known := c.prepared()
	line := c.PgConn().StartPipeline(ctx)
	var fresh []*statement // to be prepared, in order
	for _, s := range p.steps {
		if !keep {
			line.SendQueryParams(s.sql, s.args, s.oids, binaryFormats, binaryFormats)
			continue
		}
		if !known[s.statement] {
			line.SendPrepare(s.name, s.sql, s.oids)
			fresh = append(fresh, s.statement)
			known[s.statement] = true
		}
		line.SendQueryPrepared(s.name, s.args, binaryFormats, binaryFormats)
	}
	if err = line.Sync(); err == nil {
		done, tag, fresh, err = receive(line, p, fresh)
	}
	for _, s := range fresh {
		delete(known, s) // it was not prepared
	}
	if end := line.Close(); err == nil {
		err = end
	}
	return done, tag, err
}

// receive reads the results of the steps. It returns what was not prepared.
func receive(line *pgconn.Pipeline, p *pipe, fresh []*statement) (int, string, []*statement, error) {
	tag := ""
	for i := range p.steps {
		if len(fresh) > 0 && fresh[0] == p.steps[i].statement {
			if _, err := line.GetResults(); err != nil {
				return i, tag, fresh, err
			}
			fresh = fresh[1:]
		}
		answer, err := line.GetResults()
		if err != nil {
			return i, tag, fresh, err
		}
		result, ok := answer.(*pgconn.ResultReader)
		if !ok {
			return i, tag, fresh, fmt.Errorf("the server answered %T", answer)
		}
		answered, err := readRows(result, p.steps[i].read)
		if err != nil {
			return i, tag, fresh, err
		}
		if p.steps[i].statement == commitTx {
			tag = answered
		}
	}
	return len(p.steps), tag, fresh, nil
}

func readRows(result *pgconn.ResultReader, read func(*row) error) (tag string, err error) {
	for result.NextRow() {
		if read == nil || err != nil {
			continue
		}
		r := row{values: result.Values()}
		if err = read(&r); err == nil {
			err = r.err
		}
	}
	command, end := result.Close()
	return command.String(), errors.Join(end, err)
}

// prepared returns the statements that the connection knows.
func (c *conn) prepared() map[*statement]bool {
	data := c.PgConn().CustomData()
	known, ok := data[preparedKey].(map[*statement]bool)
	if !ok {
		known = map[*statement]bool{}
		data[preparedKey] = known
	}
	return known
}

// within bounds a round trip of a writing Tx: a server that is frozen is not
// waited for.
func (sh *shard) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, sh.store.cfg.Freeze, errNoAnswer)
}

// failed says what an error of a round trip means, and has the gate shut when the
// shard gives no answer. ctx is the caller's, limited that of within.
func (sh *shard) failed(ctx, limited context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() == nil && errors.Is(context.Cause(limited), errNoAnswer) {
		sh.gate.suspect()
		return fmt.Errorf("%w: %w: %w", store.ErrUnavailable, errNoAnswer, err)
	}
	return errorOf(err)
}
