package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
)

// record is the memory of this run. It may remember nothing, and never fails.
type record struct {
	o      *options
	writer *journal.Writer
	failed bool
}

// record begins the memory of a run over found.
func (o *options) record(found *resolve.Found) *record {
	rec := &record{o: o, writer: &journal.Writer{}}
	if o.memory.journal == none || o.interactive() {
		return rec
	}
	args := os.Args[1:]
	if o.memory.rerun != "" && !slices.Contains(args, "--") {
		args = slices.Concat(args, []string{"--"}, o.command.Argv) // recalled, and to be recalled again
	}
	h := journal.Header{
		Version: cli.Version().Version, Args: journal.Redact(args),
		Targets: journal.TargetsOf(found.Targets, found.Skipped),
	}
	for _, c := range o.clusters {
		h.Contexts = append(h.Contexts, c.context)
	}
	store, err := openJournal()
	if err == nil {
		rec.writer, err = store.Begin(h)
	}
	rec.warn(err)
	return rec
}

func (r *record) warn(err error) {
	if err == nil || r.failed {
		return
	}
	r.failed = true
	if !r.o.output.quiet {
		fmt.Fprintf(r.o.io.Err, "warning: this run is not remembered: %s\n", streams.SanitizeLine(err.Error()))
	}
}

func (r *record) landed(index int, res engine.Result, fingerprint string, out *journal.Output) {
	row := journal.RowOf(res)
	row.Fingerprint, row.Output = fingerprint, out
	r.writer.Landed(index, row)
}

func (r *record) end(code int, took time.Duration, interrupted bool) {
	r.warn(r.writer.End(journal.End{ExitCode: code, Duration: took, Interrupted: interrupted}))
}
