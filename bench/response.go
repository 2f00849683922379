package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Response is what of an HTTP answer a load looks at. Body is good until the
// next exchange on the same connection.
type Response struct {
	Status   int
	Body     []byte
	Replayed bool          // Idempotent-Replayed: true
	Retry    time.Duration // Retry-After in seconds
	Close    bool          // the connection ends here
}

// maxBody bounds an answer: a batch of 1000 payments is some 2 MB.
const maxBody = 64 << 20

var errMalformed = errors.New("malformed HTTP answer")

// ReadResponse reads one HTTP/1.1 answer to a POST or a GET, with the body in
// buf's memory where it fits. It knows Content-Length, chunked and "until the
// connection closes", and skips 1xx answers.
func ReadResponse(r *bufio.Reader, buf []byte) (Response, error) {
	for {
		res, length, err := readHead(r)
		switch {
		case err != nil:
			return Response{}, err
		case res.Status >= 200:
			res.Body, err = readBody(r, buf[:0], &res, length)
			return res, err
		}
	}
}

// How a body ends, where it is not a length.
const (
	untilClose = -1
	chunked    = -2
)

func readHead(r *bufio.Reader) (res Response, length int, err error) {
	line, err := readLine(r)
	if err != nil {
		return res, 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) || line[8] != ' ' {
		return res, 0, fmt.Errorf("%w: status line %.40q", errMalformed, line)
	}
	if res.Status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return res, 0, fmt.Errorf("%w: status line %.40q", errMalformed, line)
	}
	res.Close = line[7] == '0'
	length = untilClose
	if res.Status < 200 || res.Status == 204 || res.Status == 304 {
		length = 0
	}
	for {
		if line, err = readLine(r); err != nil {
			return res, 0, unexpectedEnd(err)
		}
		if len(line) == 0 {
			return res, length, nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return res, 0, fmt.Errorf("%w: header %.40q", errMalformed, line)
		}
		if length, err = readHeader(&res, length, name, bytes.TrimSpace(value)); err != nil {
			return res, 0, err
		}
	}
}

// readHeader takes one header in, and returns the body's length as it is known
// by now.
func readHeader(res *Response, length int, name, value []byte) (int, error) {
	switch {
	case is(name, "Content-Length"):
		n, err := strconv.Atoi(string(value))
		if err != nil || n < 0 || n > maxBody {
			return 0, fmt.Errorf("%w: Content-Length %.20q", errMalformed, value)
		}
		if length == untilClose {
			length = n
		}
	case is(name, "Transfer-Encoding"):
		if !is(value, "chunked") {
			return 0, fmt.Errorf("%w: Transfer-Encoding %.20q", errMalformed, value)
		}
		if length != 0 {
			length = chunked
		}
	case is(name, "Connection"):
		res.Close = is(value, "close") || res.Close && !is(value, "keep-alive")
	case is(name, "Idempotent-Replayed"):
		res.Replayed = is(value, "true")
	case is(name, "Retry-After"):
		if n, err := strconv.Atoi(string(value)); err == nil && n >= 0 {
			res.Retry = time.Duration(min(n, 3600)) * time.Second
		}
	}
	return length, nil
}

func is(got []byte, want string) bool {
	return len(got) == len(want) && bytes.EqualFold(got, []byte(want))
}

func readBody(r *bufio.Reader, buf []byte, res *Response, length int) ([]byte, error) {
	switch length {
	case untilClose:
		res.Close = true
		rest, err := io.ReadAll(io.LimitReader(r, maxBody))
		return append(buf, rest...), err
	case chunked:
		return readChunks(r, buf)
	}
	return readN(r, buf, length)
}

// readN appends the next n bytes.
func readN(r *bufio.Reader, buf []byte, n int) ([]byte, error) {
	have := len(buf)
	if have+n > cap(buf) {
		grown := make([]byte, have, max(have+n, 2*cap(buf)))
		copy(grown, buf)
		buf = grown
	}
	buf = buf[:have+n]
	_, err := io.ReadFull(r, buf[have:])
	return buf, unexpectedEnd(err)
}

func readChunks(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		line, err := readLine(r)
		if err != nil {
			return buf, unexpectedEnd(err)
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil || len(buf)+int(n) > maxBody {
			return buf, fmt.Errorf("%w: chunk size %.20q", errMalformed, line)
		}
		if n == 0 {
			return buf, readTrailer(r)
		}
		if buf, err = readN(r, buf, int(n)); err != nil {
			return buf, err
		}
		if line, err = readLine(r); err != nil || len(line) != 0 {
			return buf, fmt.Errorf("%w: a chunk does not end where it says", errMalformed)
		}
	}
}

func readTrailer(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil || len(line) == 0 {
			return unexpectedEnd(err)
		}
	}
}

// readLine returns a line without its end; it is good until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// unexpectedEnd is for an end in the middle of an answer.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
