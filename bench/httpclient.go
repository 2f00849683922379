package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

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
	if len(r.Key) > 0 {
		req.Header.Set("Idempotency-Key", string(r.Key))
	}
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
