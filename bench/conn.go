package bench

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Exchanger is one client's way to a server: it sends a request and waits for
// its answer. One goroutine uses it.
type Exchanger interface {
	Do(ctx context.Context, r *Request) (Response, error)
	Close()
}

// patience is how long a connection waits for an answer.
const patience = 60 * time.Second

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
			"\r\nContent-Type: application/json\r\nIdempotency-Key: ",
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
	c.out = append(c.out, r.Key...)
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

// httpClient is an Exchanger by net/http's client, to compare with: it costs
// more than the server's part of a small request.
type httpClient struct {
	base   string
	apiKey string
	client *http.Client
}

func newHTTPClient(addr, apiKey string) *httpClient {
	return &httpClient{
		base: "http://" + addr, apiKey: apiKey,
		client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1}},
	}
}

// Do implements Exchanger.
func (c *httpClient) Do(ctx context.Context, r *Request) (Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Authorization", "Bearer "+c.apiKey)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", string(r.Key))
	return roundTrip(c.client, req)
}

// roundTrip sends a request with net/http and reads the answer.
func roundTrip(client *http.Client, req *http.Request) (Response, error) {
	res, err := client.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer res.Body.Close()
	out := Response{Status: res.StatusCode, Replayed: res.Header.Get("Idempotent-Replayed") == "true"}
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n >= 0 {
		out.Retry = time.Duration(min(n, 3600)) * time.Second
	}
	out.Body, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	return out, err
}

// Close implements Exchanger.
func (c *httpClient) Close() { c.client.CloseIdleConnections() }
