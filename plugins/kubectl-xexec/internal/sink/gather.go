package sink

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// Output is what one target wrote, whole. It is complete when its target has
// landed, and stays until everyone who took it has called Release.
type Output struct {
	Stdout, Stderr *spool.Spool
	holders        atomic.Int32
}

// Truncated reports that something of either stream is missing.
func (o *Output) Truncated() bool { return o.Stdout.Truncated() || o.Stderr.Truncated() }

// Release says that the caller reads the output no more.
func (o *Output) Release() {
	if o.holders.Add(-1) == 0 {
		_ = o.Stdout.Close() // gives memory back; there is nothing to fail
		_ = o.Stderr.Close()
	}
}

// Taker takes whole outputs as their targets land.
type Taker interface {
	// Take is called once for each row, from one goroutine, also for those that never
	// started, whose output is empty. It must be quick, and call Release once, now or
	// later. An error ends the run.
	Take(index int, r engine.Result, out *Output) error
	// Broken and Close are those of Sink.
	Broken() <-chan struct{}
	Close(ctx context.Context) error
}

// Gather returns a sink that spools each target's output, at most as much as o
// says, and hands it to the takers, who share it.
func Gather(store *spool.Store, o spool.Options, takers ...Taker) Sink {
	g := &gather{store: store, o: o, takers: takers, open: map[int]*Output{}}
	ends := make([]Sink, len(takers))
	for i, t := range takers {
		ends[i] = end{t}
	}
	g.Sink = Tee(ends...)
	return g
}

// end is a taker as far as it is a sink.
type end struct{ Taker }

func (end) Open(int) (stdout, stderr io.Writer) { return nil, nil }
func (end) Landed(int, engine.Result) error     { return nil }

type gather struct {
	Sink   // Broken and Close of the takers
	store  *spool.Store
	o      spool.Options
	takers []Taker

	mu   sync.Mutex
	open map[int]*Output
}

func (g *gather) output() *Output {
	return &Output{Stdout: g.store.Spool(g.o), Stderr: g.store.Spool(g.o)}
}

// Open implements engine.Sink.
func (g *gather) Open(index int) (stdout, stderr io.Writer) {
	out := g.output()
	g.mu.Lock()
	g.open[index] = out
	g.mu.Unlock()
	return out.Stdout, out.Stderr
}

// Landed implements engine.Sink.
func (g *gather) Landed(index int, r engine.Result) error {
	g.mu.Lock()
	out, ok := g.open[index]
	delete(g.open, index)
	g.mu.Unlock()
	if !ok {
		out = g.output()
	}
	out.Stdout.End()
	out.Stderr.End()
	out.holders.Store(int32(len(g.takers)))
	var failures []error
	for _, t := range g.takers {
		failures = append(failures, t.Take(index, r, out))
	}
	return errors.Join(failures...)
}
