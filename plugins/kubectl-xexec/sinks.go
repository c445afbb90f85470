package main

import (
	"context"
	"fmt"
	"io"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/compare"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/live"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/outdir"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/status"
)

// places is where the output of a run goes: what the user sees, the files, the
// record.
type places struct {
	o      *options
	found  *resolve.Found
	names  []string // of all rows
	store  *spool.Store
	prints *compare.Prints
	rec    *record
	before *journal.Run   // what --diff-with names, nil without it
	status *status.Status // nil where the command has the terminal to itself
	taken  *progress      // of who reads stdout
}

// sink puts together where output goes.
func (p *places) sink() (sink.Sink, error) {
	o := p.o
	if o.interactive() {
		return p.raw(), nil
	}
	all := []sink.Sink{p.prints} // first: the others ask for fingerprints
	if p.status != nil {
		all = append(all, p.status)
	}
	switch {
	case o.output.format != "":
		all = append(all, p.report())
	case o.grouped():
		all = append(all, p.groups())
	default:
		all = append(all, p.live())
	}
	if path := o.output.dir; path != "" {
		dir, err := outdir.Open(path, p.found.Targets, o.output.overwrite)
		if err != nil {
			return nil, err
		}
		all = append(all, dir)
	}
	return sink.Tee(append(all, p.record())...), nil
}

// live shows output as it comes.
func (p *places) live() sink.Sink {
	several := p.several()
	switch prefix := p.o.output.prefix; {
	case prefix == always || prefix == auto && several:
		return p.lines(p.names[:len(p.found.Targets)])
	case several:
		return p.lines(nil)
	}
	return p.raw()
}

func (p *places) raw() sink.Sink { return live.Raw{Out: p.o.io.Out, Err: p.o.io.Err} }

func (p *places) lines(labels []string) sink.Sink {
	s := p.o.io
	return live.New(
		live.Stream{W: p.out(), Color: s.UseColor(s.Out), Terminal: s.OutIsTerminal()},
		live.Stream{W: p.screen(s.Err, s.ErrIsTerminal()), Color: s.UseColor(s.Err), Terminal: s.ErrIsTerminal()},
		labels, p.store)
}

// out is stdout, for what is written while the run lasts.
func (p *places) out() io.Writer {
	return p.taken.of(p.screen(p.o.io.Out, p.o.io.OutIsTerminal()))
}

// screen keeps what goes to a terminal out of the way of the status line.
func (p *places) screen(w io.Writer, terminal bool) io.Writer {
	if p.status == nil || !terminal {
		return w
	}
	return p.status.Wrap(w)
}

func (p *places) report() sink.Sink {
	o := p.o
	r := report.New(report.Options{
		Format: report.Format(o.output.format), Out: p.out(), Rows: len(p.names), Context: o.clusters[0].context, Width: o.io.Width(),
		Fingerprint: func(index int, _ engine.Result, _ *sink.Output) string { return p.prints.Sum(index).Print.String() },
	})
	return sink.Gather(p.store, spool.Options{Max: o.maxOutput}, telling{r, o})
}

// telling says in the end what the report left out.
type telling struct {
	*report.Report
	o *options
}

func (t telling) Close(ctx context.Context) error {
	err := t.Report.Close(ctx)
	if n := t.Truncated(); n > 0 && t.o.maxOutput > 0 && !t.o.output.quiet {
		fmt.Fprintf(t.o.io.Err, "output of %s cut at %s a stream: --max-output lifts the limit\n", amount(n, "target"), output.Bytes(t.o.maxOutput))
	}
	return err
}

func (p *places) groups() sink.Sink {
	o := p.o
	look := alike.Options{
		Width: o.io.Width(), Color: o.io.UseColor(o.io.Out), Terminal: o.io.OutIsTerminal(), Masks: o.masks,
		MaxLines: o.output.lines, SeeAll: "--lines 0 shows all", Noun: noun(p.found.Targets),
	}
	var all *compare.Groups
	show := func(groups []alike.Group, source alike.Source) error {
		switch {
		case p.before != nil:
			return p.changes(all.Since(p.before, journal.TargetsOf(p.found.Targets, p.found.Skipped), source), look)
		case o.output.diff:
			return alike.RenderDiff(p.out(), groups, source, look)
		}
		return alike.Render(p.out(), groups, source, look)
	}
	all = compare.NewGroups(p.prints, p.names, show)
	return sink.Gather(p.store, spool.Options{}, all)
}

// record remembers results, and output if the user wants that.
func (p *places) record() sink.Sink {
	if p.o.memory.journal == "output" {
		return sink.Gather(p.store, spool.Options{Max: journal.MaxOutput}, remembering{p})
	}
	return noting{p}
}

// noting remembers results without their output.
type noting struct{ *places }

func (noting) Open(int) (stdout, stderr io.Writer) { return nil, nil }
func (noting) Broken() <-chan struct{}             { return nil }
func (noting) Close(context.Context) error         { return nil }

func (n noting) Landed(index int, r engine.Result) error {
	n.rec.landed(index, r, n.prints.Sum(index).Print.Long(), nil)
	return nil
}

// remembering remembers the beginning of the output, too.
type remembering struct{ *places }

func (remembering) Broken() <-chan struct{}     { return nil }
func (remembering) Close(context.Context) error { return nil }

func (m remembering) Take(index int, r engine.Result, out *sink.Output) error {
	defer out.Release()
	kept, err := journal.Keep(out.Stdout.Reader(), out.Stderr.Reader())
	m.rec.warn(err)
	m.rec.landed(index, r, m.prints.Sum(index).Print.Long(), kept)
	return nil
}

// several says that output needs a word about whose it is.
func (p *places) several() bool { return len(p.names) > 1 }

// rowNames are the shortest names that tell all rows apart.
func rowNames(found *resolve.Found) []string {
	rows := make([]resolve.Target, 0, len(found.Targets)+len(found.Skipped))
	rows = append(rows, found.Targets...)
	for _, s := range found.Skipped {
		rows = append(rows, s.Target)
	}
	return targetNames(rows)
}

// targetNames are the shortest names that tell the targets apart: the context, the
// namespace and the container are in them only if they differ.
func targetNames(targets []resolve.Target) []string {
	context, namespace := false, false
	pods := map[string]int{}
	for _, t := range targets {
		context = context || t.Context != targets[0].Context
		namespace = namespace || t.Namespace != targets[0].Namespace
		pods[t.Context+"\x00"+t.Namespace+"\x00"+t.Pod]++
	}
	names := make([]string, len(targets))
	for i, t := range targets {
		name := t.Pod
		if namespace {
			name = t.Namespace + "/" + name
		}
		if context {
			name = t.Context + ":" + name
		}
		if pods[t.Context+"\x00"+t.Namespace+"\x00"+t.Pod] > 1 && t.Container != "" {
			name += "/" + t.Container
		}
		names[i] = name
	}
	return names
}
