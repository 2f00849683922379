package bench

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// replayed names the load of a file of transactions in the results.
const replayed Mode = "replay"

// Report is what a run found out.
type Report struct {
	Tally  Tally
	Replay *Replay // nil for the modes

	Client       string // what sent the requests, of all modes
	Clients      int    // of single, hot and echo
	Choice       string // how Clients was chosen; "" when it was given
	BatchClients int
	BatchSize    int
	// The same of transfers.
	TransferClients, TransferBatchClients, TransferBatch int

	OtherClients int // of wallet and mixed

	Turns    int // how many slices a mode has
	Window   time.Duration
	Restarts int
	Unsent   int64 // of an open loop

	slices map[Mode][]Slice
}

func newReport() *Report { return &Report{slices: map[Mode][]Slice{}} }

func (r *Report) add(m Mode, s Slice) { r.slices[m] = append(r.slices[m], s) }

// Figures are the report for a machine. What was not measured is null.
type Figures struct {
	Results  map[Mode]Result `json:"results"`
	Ceilings struct {
		Echo *float64 `json:"echo"`
		Raw  *float64 `json:"raw"`

		PGBench *float64 `json:"pgbench,omitempty"`

		RawTransfers *float64 `json:"raw_transfers,omitempty"`
	} `json:"ceilings"`
	Ratios struct {
		SingleEcho *float64 `json:"single_echo"`
		BatchRaw   *float64 `json:"batch_raw"`
		HotRandom  *float64 `json:"hot_random"`

		SinglePGBench *float64 `json:"single_pgbench,omitempty"`

		TransfersRaw        *float64 `json:"transfers_batch_raw,omitempty"`
		TransfersRandomSame *float64 `json:"transfers_random_same,omitempty"`
	} `json:"ratios"`
}

// Figures returns the report for a machine.
func (r *Report) Figures() Figures {
	f := Figures{Results: map[Mode]Result{}}
	for _, m := range []Mode{Single, Batch, Hot, Transfers, batchSame, batchRandom, Wallet, Mixed, replayed} {
		if len(r.slices[m]) > 0 {
			f.Results[m] = summarize(r.slices[m])
		}
	}
	f.Ceilings.Echo, f.Ceilings.Raw = r.rate(Echo), r.rate(Raw)
	f.Ceilings.PGBench, f.Ratios.SinglePGBench = r.rate(PGBench), r.ratio(Single, PGBench)
	f.Ceilings.RawTransfers = r.rate(RawTransfers)
	f.Ratios.TransfersRaw = r.ratio(batchSame, RawTransfers)
	f.Ratios.TransfersRandomSame = r.ratio(batchRandom, batchSame)
	f.Ratios.SingleEcho = r.ratio(Single, Echo)
	f.Ratios.BatchRaw = r.ratio(Batch, Raw)
	f.Ratios.HotRandom = r.ratio(Hot, Single)
	return f
}

func (r *Report) rate(m Mode) *float64 {
	if len(r.slices[m]) == 0 {
		return nil
	}
	rate := Median(rates(r.slices[m]))
	return &rate
}

// Ratio compares two modes turn by turn.
func (r *Report) Ratio(above, below Mode) Ratio {
	return Ratios(rates(r.slices[above]), rates(r.slices[below]))
}

func (r *Report) ratio(above, below Mode) *float64 {
	ratio := r.Ratio(above, below)
	if ratio.Turns == 0 {
		return nil
	}
	return &ratio.Median
}

// Write writes the report for a person.
func (r *Report) Write(w io.Writer) {
	if r.Replay != nil {
		r.writeReplay(w)
		return
	}
	fmt.Fprintf(w, "%-22s %8s %10s %9s %9s %9s %9s\n",
		"", "clients", "per second", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs")
	for _, m := range []Mode{
		Single, Hot, Batch, Echo, Raw, PGBench, Transfers, batchSame, batchRandom, RawTransfers, Wallet, Mixed,
	} {
		r.writeMode(w, m)
	}
	fmt.Fprintln(w)
	compared := false
	for _, pair := range []struct {
		above, below Mode
		name         string
	}{
		{Single, Echo, "single / echo"},
		{Single, PGBench, "single / pgbench"},
		{Batch, Raw, "batch / raw"},
		{Hot, Single, "hot / random"},
		{batchSame, RawTransfers, "transfers, same shard / raw"},
		{batchRandom, batchSame, "transfers, random / same"},
	} {
		if ratio := r.Ratio(pair.above, pair.below); ratio.Turns > 0 {
			fmt.Fprintf(w, "%-28s %.3f  (%.3f to %.3f in %d turns)\n", pair.name, ratio.Median, ratio.Least, ratio.Most,
				ratio.Turns)
			compared = true
		}
	}
	if compared {
		fmt.Fprintln(w)
	}
	r.WriteCounts(w)
	fmt.Fprintf(w, "\n%s\n", r.method())
}

// WriteCounts says what became of what was asked for.
func (r *Report) WriteCounts(w io.Writer) {
	fmt.Fprintf(w, "%s.\n", r.Tally.String())
	if r.Restarts > 0 {
		times := "once"
		if r.Restarts > 1 {
			times = fmt.Sprintf("%d times", r.Restarts)
		}
		fmt.Fprintf(w, "The server was started again %s.\n", times)
	}
	if r.Unsent > 0 {
		fmt.Fprintf(w, "%s requests were due and never sent: the rate was too high.\n", group(r.Unsent))
	}
}

func (r *Report) writeMode(w io.Writer, m Mode) {
	if len(r.slices[m]) == 0 {
		return
	}
	result := summarize(r.slices[m])
	rate := group(int64(result.PerSecond))
	clients := r.Clients
	switch m {
	case Raw, RawTransfers, PGBench:
		fmt.Fprintf(w, "%-22s %8s %10s\n", m, "", rate)
		return
	case Batch:
		clients = r.BatchClients
	case Transfers:
		clients = r.TransferClients
	case batchSame, batchRandom:
		clients = r.TransferBatchClients
	case Wallet, Mixed:
		clients = r.OtherClients
	default: // Clients it is
	}
	cpu := ""
	if spent := medianCPU(r.slices[m]); spent > 0 {
		cpu = fmt.Sprint(spent.Microseconds())
	}
	ms := func(value float64) string {
		if value == 0 {
			return "" // no request began and ended within the slices
		}
		return fmt.Sprintf("%.2f", value)
	}
	fmt.Fprintf(w, "%-22s %8d %10s %9s %9s %9s %9s\n", m, clients, rate,
		ms(result.P50), ms(result.P99), ms(result.P999), cpu)
}

// method says how it was measured.
func (r *Report) method() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, shared by the server and the clients. ", runtime.NumCPU())
	if r.Turns > 1 {
		fmt.Fprintf(&b, "Each mode ran for %d × %s, in turns with what it is\n", r.Turns, r.Window)
		b.WriteString("held against; a rate is the median of these, a ratio the median of the turns' own ratios.\n")
	} else {
		fmt.Fprintf(&b, "It ran for %s.\n", r.Window)
	}
	fmt.Fprintf(&b, "All requests, to the ceiling too, were sent by %s.\n", r.Client)
	b.WriteString("Before each measurement there is a ramp that does not count. Every answer was checked.\n")
	fmt.Fprintf(&b, "CPU is the server's own time %s; other work on the machine moves it least.", r.Tally.each())
	if r.Choice != "" {
		b.WriteString("\nSingle requests go better with this many clients (" + r.Choice + ").")
	}
	if r.BatchSize > 0 {
		fmt.Fprintf(&b, "\nA batch has %d payments in one request; its latency is the request's.", r.BatchSize)
	}
	if r.TransferBatch > 0 {
		fmt.Fprintf(&b, "\nA batch has %d transfers in one request, without idempotency keys unless --restart needs them.",
			r.TransferBatch)
	}
	return b.String()
}

func (r *Report) writeReplay(w io.Writer) {
	p := r.Replay
	fmt.Fprintf(w, "rows       %12s\nskipped    %12s  (amount 0)\n", group(p.Rows), group(p.Skipped))
	fmt.Fprintf(w, "succeeded  %12s\ndeclined   %12s\n", group(r.Tally.Succeeded), group(r.Tally.Declined))
	fmt.Fprintf(w, "per second %12s\n", group(int64(p.PerSecond)))
	if r.Restarts > 0 {
		fmt.Fprintf(w, "restarts   %12d\n", r.Restarts)
	}
}
