package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"florin/access"
	"florin/api"
	"florin/internal/config"
)

// serveCmd is the service.
type serveCmd struct {
	place
	Listen string   `help:"Address to listen on (default 127.0.0.1:8080)." placeholder:"ADDR"`
	Roles  []string `help:"What this process is for, separated by commas: payments (default all)." placeholder:"ROLE"`
}

// Help implements kong.HelpProvider.
func (serveCmd) Help() string {
	return `Without a configuration file everything is kept in ./florin-data. The first start makes an API key, shown on
a terminal and kept in florin-data/api-key; the variable FLORIN_API_KEY holds one more, if you like.

The first SIGTERM or SIGINT lets what has begun finish, for 30 s at most. A second SIGINT quits at
once, and so does any signal that comes a second later or more: a supervisor may signal the process and its group.

Example:
  florin serve
  florin serve --data /var/lib/florin --listen :8080
  florin serve --config florin.yaml --data /var/lib/florin

With store: postgres in the file the payments are on PostgreSQL, and DIR holds what is no database: the vault's key, the
first API key and the simulated gateways' journals. Processes of one machine may share it.`
}

// The server's times.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	// writeTimeout also bounds a batch of 1000 through a slow gateway.
	writeTimeout = 15 * time.Minute
	// stopTimeout is how long what has begun may take to finish.
	stopTimeout    = 30 * time.Second
	maxHeaderBytes = 64 << 10
)

// Run implements the command.
func (s serveCmd) Run(ctx context.Context, c *console) error {
	cfg, err := config.Load(s.Config, map[string]string{"data": s.Data, "listen": s.Listen})
	if err != nil {
		return err
	}
	if err := checkRoles(s.Roles); err != nil {
		return err
	}
	fixed, err := environmentKeys(cfg.Mode)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	tuneCollector()

	n, err := openNode(ctx, cfg, c.logger(), fixed...)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	err = n.serve(ctx, c, s.Roles, stopper{signals: signals, ended: ended})
	if errors.Is(err, errCutOff) {
		return err // who still reads must not find the store closed
	}
	if err = errors.Join(err, n.close()); err == nil {
		n.log.Info("stopped")
	}
	return err
}

// errCutOff ends a server that did not wait for its requests any longer.
var errCutOff = fmt.Errorf("requests were cut off after %s", stopTimeout)

// stopper is what ends a server.
type stopper struct {
	signals <-chan os.Signal
	ended   <-chan struct{} // closed once the process has nothing left to do
	first   os.Signal       // that began the stop
}

// sameStop is how far apart the signals of one stop may come: a supervisor
// signals the process and its group.
const sameStop = time.Second

// serve listens, runs the roles and returns once it was told to stop and all
// that had begun has ended.
func (n *node) serve(ctx context.Context, c *console, roles []string, stop stopper) error {
	if err := n.ensureKey(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", n.cfg.Listen)
	if err != nil {
		var cause *net.OpError
		if errors.As(err, &cause) {
			err = cause.Err // without the address again
		}
		return fmt.Errorf("cannot listen on %s: %w", n.cfg.Listen, err)
	}
	base := n.cfg.PublicURL
	if base == "" {
		base = "http://" + reachable(listener.Addr())
	}
	if err := n.gateways.serveAt(strings.TrimSuffix(base, "/")); err != nil {
		return err
	}
	front := n.api()
	server := &http.Server{
		Handler: front, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelWarn),
	}
	n.work(roles)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	n.greet(c, listener.Addr())

	select {
	case err := <-ended:
		return fmt.Errorf("the server ended: %w", err)
	case stop.first = <-stop.signals:
		n.log.Info("stopping", "signal", stop.first.String())
	case <-ctx.Done():
	}
	go stop.quit(n.log)
	front.Drain()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("%w: %w", errCutOff, errors.Join(err, server.Close()))
	}
	return nil
}

// quit ends the process when it is told so again.
func (s stopper) quit(log *slog.Logger) {
	if again := s.again(); again != nil {
		log.Error("quitting at once", "signal", again.String())
		os.Exit(1)
	}
}

// again returns the signal that ends the process before it is done: one that
// comes sameStop after the first, or a person's second SIGINT. It returns nil
// once the process has ended by itself.
func (s stopper) again() os.Signal {
	began := time.Now()
	interrupted := s.first == os.Interrupt
	for {
		select {
		case next := <-s.signals:
			if time.Since(began) >= sameStop || interrupted && next == os.Interrupt {
				return next
			}
			interrupted = interrupted || next == os.Interrupt
		case <-s.ended:
			return nil
		}
	}
}

// api makes the HTTP front of the node.
func (n *node) api() *api.API {
	return api.New(api.Config{
		Flows: n.flow, Feed: n.feed, Keys: n.keys, Digest: n.vault.Digest, IDs: n.ids, Mode: n.cfg.Mode,
		Shards: n.store.Shards(), Gateways: n.gateways, Challenges: n.gateways,
		Metrics: n.metrics, Log: n.log, Version: version().Version,
		Health: api.NewChecker(api.CheckerConfig{
			Shards: n.store.Shards(), Ping: n.store.Ping, Clock: n.clock, Log: n.log,
			Gateways: n.gateways.Gateways, Lacks: n.lacks(),
		}),
		Ready: n.ready(), Written: n.written(),
		RateLimit: access.Limit{Requests: n.cfg.RateLimit.Requests, Window: n.cfg.RateLimit.Window}, Clock: n.clock,
		Queue: func(shard int) int { return n.committers.Committers()[shard].Len() },
	})
}

// headroom is counted by Go's collector as heap in use, and none of its pages is
// ever touched: the collector, which runs when the heap has doubled, leaves a
// small heap alone for longer. Each of its runs costs commits. A larger
// percentage would do the same to a small heap, and waste memory on a large one.
var headroom []byte

const headroomBytes = 128 << 20

// tuneCollector makes it, unless the environment sets the collector.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		headroom = make([]byte, headroomBytes)
	}
}
