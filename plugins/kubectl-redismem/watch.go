package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// watch counts again and again until it is interrupted, which is how it is meant to
// end. What cannot be read is said, and looked for again.
func (o *options) watch(ctx context.Context, s *subject) error {
	var before *report.Report
	for {
		started := time.Now()
		progress := streams.NewProgress(o.io, "scanning", "keys")
		o.analysis.Progress = progress.Update
		r, err := analysis.Run(ctx, s.Subject, o.analysis)
		progress.Clear()
		if ctx.Err() != nil {
			return nil
		}
		if r != nil {
			whole := r.Coverage.Complete || r.Sampling.Mode == report.Keys
			last := before
			if !whole { // what is missing has not shrunk
				last = nil
			}
			if printErr := o.frame(r, last); printErr != nil {
				return printErr
			}
			if whole {
				before = r
			}
		}
		if err != nil {
			fmt.Fprintf(o.io.Err, "error: %s\n", streams.SanitizeLine(err.Error()))
			if found, findErr := o.find(ctx); findErr == nil {
				s = found
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.every - time.Since(started)):
		}
	}
}

// frame shows one report. A terminal shows the last one only.
func (o *options) frame(r, before *report.Report) error {
	if o.format == render.JSON {
		return o.print(r, before)
	}
	if o.io.OutIsTerminal() {
		fmt.Fprint(o.io.Out, "\x1b[H\x1b[2J\x1b[3J")
	} else if before != nil {
		fmt.Fprintln(o.io.Out)
	}
	if !o.quiet {
		fmt.Fprintln(o.io.Out, headline(r, before))
	}
	return o.print(r, before)
}

// headline says when it was and how the whole goes.
func headline(r, before *report.Report) string {
	used, was := usedMemory(r), int64(0)
	line := fmt.Sprintf("%s  %s, used memory %s", r.Coverage.Started.Local().Format(time.TimeOnly), streams.SanitizeLine(r.Source.Name), output.Bytes(used))
	if before != nil {
		was = usedMemory(before)
		seconds := r.Coverage.Started.Sub(before.Coverage.Started).Seconds()
		line += fmt.Sprintf(" (%s), %d keys (%+d)", render.Rate(used-was, seconds), r.Totals.Keys, r.Totals.Keys-before.Totals.Keys)
	}
	if !r.Coverage.Complete && r.Sampling.Mode != report.Keys {
		line += fmt.Sprintf(", PARTIAL: %s of the keys", percent(r.Coverage.Share()))
	}
	return line
}

func usedMemory(r *report.Report) (n int64) {
	for _, s := range r.Servers {
		n += s.UsedMemory
	}
	return n
}
