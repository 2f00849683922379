// Package telemetry holds the metrics of a process: a registry of its own, and
// a typed method for each thing that is measured. What is on a hot path looks
// its series up without locking or allocating.
package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config is what Metrics ask when they are scraped.
type Config struct {
	// QueueLength returns how many commands wait to be committed; nil for none.
	QueueLength func() int
	// Connections returns how many connections to the database are in use; nil
	// for none.
	Connections func() int
	// OpenOperations returns how many operations have no outcome yet; nil for none.
	OpenOperations func() int
	// Breakers tells of each gateway whether its breaker is open or on trial; nil
	// for no gateways.
	Breakers func(visit func(gateway string, open bool))
}

// The buckets, in seconds and in commands.
var (
	requestBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	scoreBuckets   = []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25}
	groupBuckets   = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}
)

// Metrics are the metrics of one process. Its methods are safe for concurrent
// use.
type Metrics struct {
	registry   *prometheus.Registry
	payments   series[paymentLabels, prometheus.Counter]
	calls      series[callLabels, prometheus.Observer]
	requests   series[requestLabels, prometheus.Counter]
	groups     series[int, prometheus.Observer]
	processing prometheus.Histogram
	fraud      prometheus.Histogram
}

type (
	paymentLabels struct{ status, gateway string }
	callLabels    struct{ gateway, status string }
	requestLabels struct {
		route string
		code  int
	}
)

// New returns metrics that have counted nothing yet.
func New(cfg Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
		gauge("payment_queue_length", "Commands that wait to be committed.", cfg.QueueLength),
		gauge("database_connections_active", "Connections to the database that are in use.", cfg.Connections),
		gauge("payment_open_operations", "Attempts, captures, refunds, reversals, evidence and transfers without an outcome.",
			cfg.OpenOperations),
		breakers{cfg.Breakers},
	)
	m.processing = histogram("payment_processing_seconds",
		"From a payment's request to its answer; a batch's payments each count the batch's time.", requestBuckets)
	m.fraud = histogram("fraud_detection_seconds", "Scoring one payment.", scoreBuckets)
	m.registry.MustRegister(m.processing, m.fraud)

	payments := counters("payment_requests_total", "Payments asked for, by status and gateway.", "status", "gateway")
	m.payments.resolve = func(l paymentLabels) prometheus.Counter {
		return payments.WithLabelValues(l.status, l.gateway)
	}
	requests := counters("http_requests_total", "HTTP requests, by route and status code.", "route", "code")
	m.requests.resolve = func(l requestLabels) prometheus.Counter {
		return requests.WithLabelValues(l.route, strconv.Itoa(l.code))
	}
	calls := histograms("gateway_call_seconds", "Charges sent to a gateway, by what it said.",
		requestBuckets, "gateway", "status")
	m.calls.resolve = func(l callLabels) prometheus.Observer { return calls.WithLabelValues(l.gateway, l.status) }
	groups := histograms("commit_group_size", "Commands that were committed together.", groupBuckets, "shard")
	m.groups.resolve = func(shard int) prometheus.Observer { return groups.WithLabelValues(strconv.Itoa(shard)) }
	m.registry.MustRegister(payments, requests, calls, groups)
	return m
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Payment counts a payment that was asked for. gateway is "" when none was
// called.
func (m *Metrics) Payment(status, gateway string) {
	if gateway == "" {
		gateway = "none"
	}
	m.payments.of(paymentLabels{status, gateway}).Inc()
}

// Processing measures a payment from its request to its answer.
func (m *Metrics) Processing(took time.Duration) { m.processing.Observe(took.Seconds()) }

// Fraud measures the scoring of a payment.
func (m *Metrics) Fraud(took time.Duration) { m.fraud.Observe(took.Seconds()) }

// GatewayCall measures a charge at a gateway, by what it said.
func (m *Metrics) GatewayCall(gateway, status string, took time.Duration) {
	m.calls.of(callLabels{gateway, status}).Observe(took.Seconds())
}

// Group measures a group that a shard committed; it is commit.Config's Observe.
func (m *Metrics) Group(shard, commands int) { m.groups.of(shard).Observe(float64(commands)) }

// Request counts an HTTP request. route is its pattern, never its path.
func (m *Metrics) Request(route string, code int) { m.requests.of(requestLabels{route, code}).Inc() }

// breakers are the gateways' circuit breakers, as they stand when they are asked.
type breakers struct {
	read func(visit func(gateway string, open bool))
}

var breakerOpen = prometheus.NewDesc("gateway_breaker_open",
	"1 while the gateway's circuit breaker is open or on trial.", []string{"gateway"}, nil)

// Describe implements prometheus.Collector.
func (breakers) Describe(descs chan<- *prometheus.Desc) { descs <- breakerOpen }

// Collect implements prometheus.Collector.
func (b breakers) Collect(metrics chan<- prometheus.Metric) {
	if b.read == nil {
		return
	}
	b.read(func(gateway string, open bool) {
		value := 0.0
		if open {
			value = 1
		}
		metrics <- prometheus.MustNewConstMetric(breakerOpen, prometheus.GaugeValue, value, gateway)
	})
}

func gauge(name, help string, read func() int) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		if read == nil {
			return 0
		}
		return float64(read())
	})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}
