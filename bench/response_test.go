package bench_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"florin/bench"
)

// responses are answers as they come over the wire; body is what must be read.
var responses = []struct {
	name, text string
	want       bench.Response
	body       string
}{
	{
		"a length", "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nContent-Type: application/json\r\n\r\nhello",
		bench.Response{Status: 201},
		"hello",
	},
	{
		"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00a;x=y\r\n0123456789\r\n0\r\n\r\n",
		bench.Response{Status: 200},
		"abc0123456789",
	},
	{
		"chunks with a trailer", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
		bench.Response{Status: 200},
		"a",
	},
	{
		"nothing", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
		bench.Response{Status: 204},
		"",
	},
	{
		"until the end", "HTTP/1.1 200 OK\r\n\r\nrest",
		bench.Response{Status: 200, Close: true},
		"rest",
	},
	{
		"what comes before", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok",
		bench.Response{Status: 200},
		"ok",
	},
	{
		"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		bench.Response{Status: 200},
		"ok",
	},
	{
		"the headers that count",
		"HTTP/1.1 503 No\r\nRetry-After: 2\r\nIdempotent-Replayed: true\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		bench.Response{Status: 503, Retry: 2 * time.Second, Replayed: true, Close: true},
		"",
	},
	{
		"the old version", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
		bench.Response{Status: 200, Close: true},
		"x",
	},
	{
		"the old version that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
		bench.Response{Status: 200},
		"x",
	},
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	ways := map[string]func(io.Reader) io.Reader{
		"at once":     func(r io.Reader) io.Reader { return r },
		"by the byte": iotest.OneByteReader,
		"by halves":   iotest.HalfReader,
		"with an end": iotest.DataErrReader,
	}
	for _, c := range responses {
		for way, reader := range ways {
			t.Run(c.name+" "+way, func(t *testing.T) {
				t.Parallel()
				in := bufio.NewReaderSize(reader(strings.NewReader(c.text)), 128)
				got, err := bench.ReadResponse(in, make([]byte, 0, 4))
				if err != nil {
					t.Fatal(err)
				}
				body := string(got.Body)
				got.Body = nil
				if body != c.body || got.Status != c.want.Status || got.Retry != c.want.Retry ||
					got.Replayed != c.want.Replayed || got.Close != c.want.Close {
					t.Errorf("got %+v with %q, want %+v with %q", got, body, c.want, c.body)
				}
				if in.Buffered() > 0 {
					t.Errorf("%d bytes are left over", in.Buffered())
				}
			})
		}
	}
}

func TestReadResponseOneAfterAnother(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, c := range responses {
		if !c.want.Close {
			text.WriteString(c.text)
		}
	}
	in := bufio.NewReader(iotest.HalfReader(strings.NewReader(text.String())))
	var buf []byte
	for _, c := range responses {
		if c.want.Close {
			continue
		}
		got, err := bench.ReadResponse(in, buf)
		if err != nil || string(got.Body) != c.body {
			t.Fatalf("%s: got %q, %v; want %q", c.name, got.Body, err, c.body)
		}
		buf = got.Body
	}
	if _, err := bench.ReadResponse(in, buf); !errors.Is(err, io.EOF) {
		t.Errorf("after the last: %v, want EOF", err)
	}
}

func TestReadResponseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no HTTP":               "SSH-2.0-OpenSSH_9.2\r\n",
		"no status":             "HTTP/1.1 abc\r\n\r\n",
		"a short line":          "HTTP/1.1 20\r\n\r\n",
		"no colon":              "HTTP/1.1 200 OK\r\nhello\r\n\r\n",
		"a negative length":     "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a huge length":         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"a chunk without size":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"a chunk that runs on":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
		"compression":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"an end in the head":    "HTTP/1.1 200 OK\r\nContent-",
		"an end in the headers": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
		"an end in the body":    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
		"an end in a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
		"an end after a chunk":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
	} {
		got, err := bench.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %+v, %v; want an error that is not a clean end", name, got, err)
		}
	}
}

func FuzzReadResponse(f *testing.F) {
	for _, c := range responses {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		in := bufio.NewReader(strings.NewReader(string(text)))
		for err := error(nil); err == nil; {
			_, err = bench.ReadResponse(in, nil)
		}
	})
}
