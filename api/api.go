package api

import (
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"florin/access"
	"florin/ident"
	"florin/internal/clock"
	"florin/problem"
)

// API answers Florin's HTTP requests.
type API struct {
	cfg      Config
	mux      *http.ServeMux
	routes   []route
	calls    sync.Pool
	draining atomic.Bool
	drained  chan struct{} // closed by Drain
	streams  atomic.Int64  // that are open
	limiter  *limiter      // nil for no limit
	seen     seen          // how far the keys' clients have written
	document []byte        // OpenAPI
	away     clock.Pace    // of what is turned away as unavailable, in the log
	scrapes  http.Handler
}

var _ http.Handler = (*API)(nil)

// New returns an API.
func New(cfg Config) *API {
	a := &API{cfg: cfg.withDefaults(), mux: http.NewServeMux(), routes: routes(), drained: make(chan struct{})}
	a.calls.New = func() any { return &call{api: a} }
	a.limiter = newLimiter(a.cfg.RateLimit, a.cfg.Clock)
	a.scrapes = a.cfg.Metrics.Handler()
	for i := range a.routes {
		rt := &a.routes[i]
		a.mux.HandleFunc(rt.pattern(), a.serve(rt, rt.pattern()))
	}
	a.mux.HandleFunc("/", a.serve(&route{handle: (*call).noRoute, open: true}, "none"))
	a.document = document(a.routes, a.cfg)
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Drain makes the process unready and unhealthy: it answers what comes, and asks
// load balancers to send it nothing more. Streams end at once.
func (a *API) Drain() {
	if a.draining.CompareAndSwap(false, true) {
		close(a.drained)
	}
}

// serve wraps a route's handler in what all requests have in common; name is the
// route's in metrics and logs.
func (a *API) serve(rt *route, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := a.calls.Get().(*call)
		c.route, c.w, c.r, c.began, c.status = rt, w, r, time.Now(), 0
		defer func() {
			if failed := recover(); failed != nil {
				c.panicked(failed) // and c is not used again
			} else {
				defer a.release(c)
			}
			a.cfg.Metrics.Request(name, c.status)
			if took := time.Since(c.began); took > a.cfg.SlowAfter && !rt.doc.stream {
				a.cfg.Log.WarnContext(r.Context(), "a slow request", "route", name, "request_id", c.requestID,
					"status", c.status, "took_ms", took.Milliseconds())
			}
		}()
		c.identify()
		if err := c.run(); err != nil {
			c.fail(err)
		}
	}
}

// release keeps c for another request, without what it was about.
func (a *API) release(c *call) {
	if cap(c.in) > maxKept {
		c.in = nil
	}
	if cap(c.out) > maxKept {
		c.out = nil
	}
	clear(c.in) // it may hold a card
	c.in = c.in[:0]
	clear(c.decoder.scratch[:cap(c.decoder.scratch)])
	c.w, c.r, c.requestID, c.keyed = nil, nil, "", false
	c.least = nil
	c.decoder.reset(nil)
	a.calls.Put(c)
}

func (c *call) run() error {
	if err := c.authorize(); err != nil {
		return err
	}
	if err := c.consistent(); err != nil {
		return err
	}
	return c.route.handle(c)
}

// identify takes the caller's request id over, or makes one.
func (c *call) identify() {
	const most = 128
	given := c.r.Header["X-Request-Id"]
	if len(given) == 1 && given[0] != "" && len(given[0]) <= most && printable(given[0], '!') {
		c.requestID = given[0]
		c.w.Header()["X-Request-Id"] = given
		return
	}
	c.requestID = c.api.cfg.IDs.New(0).Text(ident.Request)
	c.w.Header()["X-Request-Id"] = []string{c.requestID}
}

// panicked answers a request whose handler panicked.
func (c *call) panicked(failed any) {
	if failed == http.ErrAbortHandler { //nolint:errorlint // it is what net/http compares with
		panic(failed)
	}
	c.api.cfg.Log.ErrorContext(c.r.Context(), "a handler panicked", "route", c.route.pattern(),
		"request_id", c.requestID, "panic", failed, "stack", string(debug.Stack()))
	if c.status == 0 {
		c.fail(problem.New(problem.Internal, "a handler panicked"))
	}
}

// noRoute answers what no route is for: a wrong method, or a wrong path; from
// the root it leads to the reference.
func (c *call) noRoute() error {
	if c.r.URL.Path == "/" && (c.r.Method == http.MethodGet || c.r.Method == http.MethodHead) {
		c.status = http.StatusFound
		http.Redirect(c.w, c.r, "/docs", c.status)
		return nil
	}
	var allowed []string
	for _, method := range []string{"DELETE", "GET", "HEAD", "PATCH", "POST"} {
		other := *c.r
		other.Method = method
		if _, pattern := c.api.mux.Handler(&other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return problem.New(problem.NotFound, "there is nothing at this path")
	}
	c.w.Header()["Allow"] = []string{joined(allowed)}
	return problem.New(problem.MethodNotAllowed, "this path takes %s", joined(allowed))
}

// live tells whether the store moves real money.
func (a *API) live() bool { return a.cfg.Mode == access.Live }
