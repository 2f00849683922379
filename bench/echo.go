package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// echoRequest is what a bare server decodes: the body of POST /api/v1/payments.
type echoRequest struct {
	UserID        int64  `json:"user_id"`
	Amount        int64  `json:"amount"`
	Currency      string `json:"currency"`
	PaymentMethod string `json:"payment_method"`
	Confirm       bool   `json:"confirm"`
}

// echoPayment is what it answers: a payment's body, as Florin writes it.
type echoPayment struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"`
	UserID         int64             `json:"user_id"`
	Amount         int64             `json:"amount"`
	Currency       string            `json:"currency"`
	Status         string            `json:"status"`
	AmountCaptured int64             `json:"amount_captured"`
	AmountRefunded int64             `json:"amount_refunded"`
	PaymentMethod  string            `json:"payment_method"`
	CaptureMethod  string            `json:"capture_method"`
	Purpose        string            `json:"purpose"`
	Attempt        string            `json:"attempt"`
	Gateway        string            `json:"gateway"`
	Description    *string           `json:"description"`
	Metadata       map[string]string `json:"metadata"`
	Customer       *struct{}         `json:"customer"`
	OffSession     bool              `json:"off_session"`
	ReturnURL      *string           `json:"return_url"`
	Livemode       bool              `json:"livemode"`
	CreatedAt      string            `json:"created_at"`
}

// ServeEcho is the ceiling for single requests: net/http and encoding/json, and
// nothing behind them. It writes its address to out and serves until in ends.
func ServeEcho(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathPayments, echo)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	fmt.Fprintln(out, l.Addr())
	_, err = io.Copy(io.Discard, in)
	return errors.Join(err, server.Close(), ignoreClosed(<-served))
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func echo(w http.ResponseWriter, r *http.Request) {
	var in echoRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(echoPayment{
		ID: "pay_0192f3a4b5c67d008123456789abcdef", Object: "payment", UserID: in.UserID, Amount: in.Amount,
		Currency: in.Currency, Status: "succeeded", AmountCaptured: in.Amount, PaymentMethod: in.PaymentMethod,
		CaptureMethod: "automatic", Purpose: "sale", Attempt: "att_0192f3a4b5c67d018123456789abcdef",
		Gateway: "simulated", Metadata: map[string]string{}, CreatedAt: "2026-01-02T03:04:05.678Z",
	})
}

// StartEcho runs ServeEcho in the child that cmd is, and returns its address.
func StartEcho(ctx context.Context, cmd *exec.Cmd) (addr string, stop func(), err error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	said, address := &tail{}, newFirstLine()
	cmd.Stdout, cmd.Stderr = address, said
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the echo: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it said counts
		close(exited)
	}()
	stop = func() {
		_ = in.Close()
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
	}
	select {
	case addr = <-address.line:
		return addr, stop, nil
	case <-exited:
		err = fmt.Errorf("the echo ended before it served: %s", said)
	case <-time.After(10 * time.Second):
		err = errors.New("the echo did not start within 10 s")
	case <-ctx.Done():
		err = ctx.Err()
	}
	stop()
	return "", nil, err
}

// firstLine hands over the first line that is written to it.
type firstLine struct {
	text []byte
	done bool
	line chan string
}

func newFirstLine() *firstLine { return &firstLine{line: make(chan string, 1)} }

// Write implements io.Writer.
func (f *firstLine) Write(p []byte) (int, error) {
	if f.done {
		return len(p), nil
	}
	f.text = append(f.text, p...)
	if line, _, whole := strings.Cut(string(f.text), "\n"); whole {
		f.line <- line
		f.done = true
	}
	return len(p), nil
}
