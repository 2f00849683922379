package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/bench"
)

// childVariable tells the test's own binary that it is a child, and which.
const childVariable = "FLORIN_BENCH_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "echo":
		if err := bench.ServeEcho(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "raw":
		fmt.Fprintln(os.Stdout, 1234.5)
	case "serve", "slow":
		f := newFake()
		if os.Getenv(childVariable) == "slow" {
			f.turn = stumble()
		}
		server := http.Server{Addr: os.Args[1], Handler: f, ReadHeaderTimeout: time.Second}
		fmt.Fprintln(os.Stderr, server.ListenAndServe())
		os.Exit(1)
	case "fail":
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		os.Exit(1)
	}
}

// child returns a command of the test's own binary.
func child(t *testing.T, what string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	return cmd
}

// stumble answers the first payments in every way that is to be repeated or asked
// for again.
func stumble() func(w http.ResponseWriter, request object) bool {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ object) bool {
		switch n.Add(1) {
		case 1:
			answer(w, 202, object{"id": "pay_open", "status": "processing"})
		case 2:
			answer(w, 409, object{"status": 409, "code": "idempotency_in_progress"})
		case 3:
			w.Header().Set("Retry-After", "0")
			answer(w, 503, object{"status": 503, "code": "unavailable"})
		case 4:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			return false
		}
		return true
	}
}

type object = map[string]any

// fake is a server that knows just enough to be measured.
type fake struct {
	http.ServeMux
	// turn may answer a payment in another way; it returns false to leave it.
	turn func(w http.ResponseWriter, request object) bool

	mu       sync.Mutex
	last     int
	payments []object
	byKey    map[string]object
}

func newFake() *fake {
	f := &fake{byKey: map[string]object{}}
	f.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	f.HandleFunc("POST /api/v1/payment_methods", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusCreated, object{"id": fmt.Sprintf("pm_%d", read(r)["user_id"]), "object": "payment_method"})
	})
	f.HandleFunc("POST /api/v1/payments", f.single)
	f.HandleFunc("POST /api/v1/payments/batch", func(w http.ResponseWriter, r *http.Request) {
		var data []object
		for i, p := range read(r)["payments"].([]any) {
			data = append(data, object{"index": i, "payment": f.pay("", p.(object))})
		}
		answer(w, http.StatusOK, object{"object": "list", "data": data})
	})
	f.HandleFunc("GET /api/v1/payments/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, object{"id": r.PathValue("id"), "status": "succeeded"})
	})
	return f
}

func (f *fake) single(w http.ResponseWriter, r *http.Request) {
	request := read(r)
	if f.turn != nil && f.turn(w, request) {
		return
	}
	answer(w, http.StatusCreated, f.pay(r.Header.Get("Idempotency-Key"), request))
}

func (f *fake) pay(key string, request object) object {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.byKey[key]; ok && key != "" {
		return p
	}
	f.last++
	p := object{
		"id": fmt.Sprintf("pay_%d", f.last), "user_id": request["user_id"], "amount": request["amount"],
		"status": "succeeded", "metadata": object{"status": "\"}no"},
	}
	f.byKey[key] = p
	f.payments = append(f.payments, request)
	return p
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.payments)
}

func read(r *http.Request) object {
	var in object
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&in); err != nil {
		panic(err)
	}
	return in
}

func answer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
