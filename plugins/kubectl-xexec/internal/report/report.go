// Package report is xexec's machine output: the ExecReport kind as one JSON or
// YAML document or as one JSON line for each result, a table with a line for each
// result, or the names of the pods that succeeded.
//
// Nothing is held back in memory: what the targets wrote goes from their spools
// straight into the document, whatever its size. A document and a table have the
// targets in their order, then the skipped pods; jsonl has the results as they
// land. The document of an interrupted run is complete, too: what did not run is
// in it as not started.
package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
)

// APIVersion and Kind name the document.
const (
	APIVersion = "xexec.kubectl-suite.dev/v1alpha1"
	Kind       = "ExecReport"
)

// Format is a value of the flag -o.
type Format string

// The formats. Name prints "pod/NAME" for each pod with a result that is ok, once,
// as "kubectl get -o name" does.
const (
	JSON  Format = "json"
	JSONL Format = "jsonl"
	YAML  Format = "yaml"
	Table Format = "table"
	Name  Format = "name"
)

// Formats are all of them, in the order in which help texts have them.
func Formats() []Format { return []Format{JSON, JSONL, YAML, Table, Name} }

// Options say what a report looks like and where it goes.
type Options struct {
	Format  Format
	Out     io.Writer
	Rows    int    // how many results there will be: targets and skipped pods
	Context string // the kubeconfig context of targets that name none
	Width   int    // columns that a line of the table may take; 0: no limit

	// Fingerprint names the group of a target whose output others have as well. Nil:
	// the report has no fingerprints.
	Fingerprint func(index int, r engine.Result, out *sink.Output) string
}

// Report writes results. It is a sink.Taker: the spools are another's business.
type Report struct {
	o         Options
	rows      chan row // with room for all: the run does not wait for who reads the report
	done      chan struct{}
	broken    chan struct{}
	gaveUp    atomic.Bool
	truncated atomic.Int32
	err       error // valid when done or broken is closed
}

// New starts a report. Close ends its goroutine.
func New(o Options) *Report {
	r := &Report{o: o, rows: make(chan row, o.Rows), done: make(chan struct{}), broken: make(chan struct{})}
	go r.print()
	return r
}

// Empty writes a report without results, for a run that failed before it had
// targets: what reads -o json gets a document in any case. Only documents have an
// empty form; the other formats are empty without it.
func Empty(w io.Writer, f Format) error {
	if f != JSON && f != YAML {
		return nil
	}
	r := New(Options{Format: f, Out: w})
	return r.Close(context.Background())
}

// Take implements sink.Taker. The error is that of a writer that takes no more.
func (r *Report) Take(index int, res engine.Result, out *sink.Output) error {
	if out.Truncated() {
		r.truncated.Add(1)
	}
	group := ""
	if r.o.Fingerprint != nil {
		group = r.o.Fingerprint(index, res, out)
	}
	if res.Target.Context == "" {
		res.Target.Context = r.o.Context
	}
	r.rows <- row{index: index, result: res, out: out, fingerprint: group}
	select {
	case <-r.broken:
		return r.err
	default:
		return nil
	}
}

// Truncated is the number of targets so far of whose output something is missing.
func (r *Report) Truncated() int { return int(r.truncated.Load()) }

// Broken implements sink.Taker.
func (r *Report) Broken() <-chan struct{} { return r.broken }

// patience is what a reader gets to take the rest after an interrupt.
const patience = 500 * time.Millisecond

// Close completes the report and waits until it is written. Once ctx is done it
// waits half a second more and then gives up, with ctx's error.
func (r *Report) Close(ctx context.Context) error {
	close(r.rows)
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	select {
	case <-r.done:
		return r.err
	case <-time.After(patience):
		r.gaveUp.Store(true)
		return fmt.Errorf("writing the report: %w", ctx.Err())
	}
}

// print writes the report.
func (r *Report) print() {
	defer close(r.done)
	w := writer{bufio.NewWriterSize(r.o.Out, 64<<10)}
	p := &sequence{formatter: newFormatter(r.o, w), sorted: r.o.Format != JSONL, waiting: map[int]row{}}
	p.begin()
	var unread error // the document goes on without what cannot be read back
	for row := range r.rows {
		if r.stopped() {
			row.out.Release()
			continue
		}
		unread = errors.Join(unread, p.add(row))
		if len(r.rows) == 0 {
			r.note(w.Flush())
		}
	}
	if !r.stopped() {
		unread = errors.Join(unread, p.end())
		r.note(w.Flush())
	}
	p.drop()
	r.note(unread)
}

func (r *Report) stopped() bool { return r.err != nil || r.gaveUp.Load() }

// note keeps the first error and tells those who wait for it.
func (r *Report) note(err error) {
	if err != nil && r.err == nil {
		r.err = err
		close(r.broken)
	}
}
