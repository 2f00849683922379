package bench

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"time"
)

// conn is a keep-alive HTTP/1.1 connection, with next to no cost of its own: the
// client shares the cores with the server that it measures.
type conn struct {
	addr string
	head string // all headers but the last two
	sock net.Conn
	stop func() bool
	in   *bufio.Reader
	out  []byte
	body []byte
	good time.Time // until when the socket's deadline need not move
}

// newConn returns a connection that dials at its first exchange, and again after
// an error.
func newConn(addr, apiKey string) *conn {
	return &conn{
		addr: addr,
		head: " HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + apiKey +
			"\r\nContent-Type: application/json",
		in: bufio.NewReaderSize(nil, 16<<10),
	}
}

// Do implements Exchanger.
func (c *conn) Do(ctx context.Context, r *Request) (Response, error) {
	if c.sock == nil {
		if err := c.dial(ctx); err != nil {
			return Response{}, err
		}
	}
	c.out = append(c.out[:0], "POST "...)
	c.out = append(c.out, r.Path...)
	c.out = append(c.out, c.head...)
	if len(r.Key) > 0 {
		c.out = append(append(c.out, "\r\nIdempotency-Key: "...), r.Key...)
	}
	c.out = append(c.out, "\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(r.Body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, r.Body...)
	res, err := c.exchange()
	if err != nil || res.Close {
		c.Close()
	}
	if err == nil && cap(res.Body) > cap(c.body) {
		c.body = res.Body
	}
	return res, err
}

func (c *conn) exchange() (Response, error) {
	if now := time.Now(); now.After(c.good) {
		if err := c.sock.SetDeadline(now.Add(2 * patience)); err != nil {
			return Response{}, err
		}
		c.good = now.Add(patience)
	}
	if _, err := c.sock.Write(c.out); err != nil {
		return Response{}, err
	}
	return ReadResponse(c.in, c.body)
}

func (c *conn) dial(ctx context.Context) error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	sock, err := dialer.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	c.sock, c.good = sock, time.Time{}
	c.stop = context.AfterFunc(ctx, func() { _ = sock.Close() })
	c.in.Reset(sock)
	return nil
}

// Close implements Exchanger.
func (c *conn) Close() {
	if c.sock != nil {
		c.stop()
		_ = c.sock.Close()
		c.sock = nil
	}
}
