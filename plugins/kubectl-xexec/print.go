package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/live"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// maxRows is how many targets that did not succeed the summary lists.
const maxRows = 20

// sink chooses where output goes.
func (o *options) sink(found *resolve.Found, store *spool.Store) sink.Sink {
	several := len(found.Targets)+len(found.Skipped) > 1
	switch {
	case o.output != "":
		return o.reportSink(found)
	case o.prefix == always || o.prefix == auto && several:
		return o.liveSink(targetNames(found.Targets), store)
	case several:
		return o.liveSink(nil, store)
	}
	return live.Raw{Out: o.io.Out, Err: o.io.Err}
}

func (o *options) liveSink(labels []string, store *spool.Store) sink.Sink {
	return live.New(
		live.Stream{W: o.io.Out, Color: o.io.UseColor(o.io.Out), Terminal: o.io.OutIsTerminal()},
		live.Stream{W: o.io.Err, Color: o.io.UseColor(o.io.Err), Terminal: o.io.ErrIsTerminal()},
		labels, store)
}

// reportSink writes jsonl as results land, json in one piece at the end.
func (o *options) reportSink(found *resolve.Found) sink.Sink {
	total := len(found.Targets) + len(found.Skipped)
	doc := report.Document{APIVersion: report.APIVersion, Kind: report.Kind, Results: make([]report.Result, total)}
	progress := streams.NewProgress(o.io, "running", "pods")
	done, truncated := 0, 0
	rows := report.NewSink(o.context, len(found.Targets), o.maxOutput, func(i int, r report.Result) error {
		if r.Truncated {
			truncated++
		}
		done++
		if o.output == "json" {
			doc.Results[i] = r
			progress.Update(int64(done), int64(total))
			return nil
		}
		progress.Clear()
		defer progress.Update(int64(done), int64(total))
		return output.JSONLine(o.io.Out, r)
	})
	return finishing{rows, func() error {
		progress.Clear()
		if truncated > 0 && !o.quiet {
			fmt.Fprintf(o.io.Err, "output of %s cut at %s a stream: --max-output lifts the limit\n", pods(truncated), output.Bytes(o.maxOutput))
		}
		if o.output == "jsonl" {
			return nil
		}
		return output.JSON(o.io.Out, doc)
	}}
}

// finishing makes a sink.Sink of one that only needs a last word.
type finishing struct {
	engine.Sink
	finish func() error
}

func (finishing) Broken() <-chan struct{} { return nil }

func (f finishing) Close(context.Context) error { return f.finish() }

// targetNames are the shortest names that tell the targets apart.
func targetNames(targets []resolve.Target) []string {
	names := make([]string, len(targets))
	oneNamespace := true
	for i, t := range targets {
		names[i] = t.Pod
		oneNamespace = oneNamespace && t.Namespace == targets[0].Namespace
	}
	if !oneNamespace {
		for i, t := range targets {
			names[i] = t.Namespace + "/" + t.Pod
		}
	}
	return names
}

// announce says before the run what the user may not expect of it.
func (o *options) announce(found *resolve.Found) {
	if o.quiet {
		return
	}
	if len(found.Targets) == 1 && found.Targets[0].DefaultedFrom != "" {
		t := found.Targets[0]
		fmt.Fprintf(o.io.Err, "Defaulted container %q out of: %s\n", t.Container, t.DefaultedFrom)
	}
}

// summarize tells people on stderr how a run over several pods went: first what
// did not succeed, then the counts.
func (o *options) summarize(results []engine.Result, took time.Duration) {
	if o.quiet {
		return
	}
	counts := map[podexec.Outcome]int{}
	rows, advice := 0, ""
	names := targetNames(targetsOf(results))
	for i, r := range results {
		counts[r.Outcome]++
		if r.Outcome == podexec.OK {
			continue
		}
		if advice == "" {
			advice = hint.Of(r.Err)
		}
		if rows++; rows <= maxRows {
			fmt.Fprintf(o.io.Err, "%s %s: %s\n", r.Outcome, names[i], streams.SanitizeLine(r.Why()))
		}
	}
	if rows > maxRows {
		fmt.Fprintf(o.io.Err, "… and %d more: -o json lists them all\n", rows-maxRows)
	}
	if advice != "" {
		fmt.Fprintf(o.io.Err, "hint: %s\n", streams.SanitizeLine(advice))
	}
	var parts []string
	for _, outcome := range []podexec.Outcome{podexec.OK, podexec.Failed, podexec.Timeout, podexec.Lost, podexec.NotStarted, podexec.Denied, engine.Skipped} {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	fmt.Fprintf(o.io.Err, "%s: %s (%s)\n", pods(len(results)), strings.Join(parts, ", "), elapsed(took))
}

// elapsed is a duration for people: 0.4s, 12.3s, 3m20s.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func targetsOf(results []engine.Result) []resolve.Target {
	targets := make([]resolve.Target, len(results))
	for i, r := range results {
		targets[i] = r.Target
	}
	return targets
}

func pods(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}
