package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// printTargets shows where the command would run, where not, and why.
func (o *options) printTargets(ctx context.Context, found *resolve.Found) error {
	write := o.tabulate
	switch report.Format(o.output.format) {
	case report.JSON, report.JSONL, report.YAML:
		write = func(found *resolve.Found) error { return o.reportTargets(ctx, found) }
	case report.Name:
		write = o.nameTargets
	}
	if err := write(found); err != nil {
		return fmt.Errorf("writing the targets: %w", err)
	}
	if !o.output.quiet {
		fmt.Fprintf(o.io.Err, "dry run: %s in %s; nothing was run\n", o.commandLine(), o.scale(found))
	}
	if len(found.Targets) == 0 {
		return cli.Exit(cli.ExitNothing)
	}
	return nil
}

// reportTargets is the report of a run in which nothing was started.
func (o *options) reportTargets(ctx context.Context, found *resolve.Found) error {
	store := spool.NewStore(0, "")
	defer store.Close()
	out := sink.Gather(store, spool.Options{}, report.New(report.Options{
		Format: report.Format(o.output.format), Out: o.io.Out, Rows: len(found.Targets) + len(found.Skipped), Context: o.clusters[0].context,
	}))
	var failed error
	for i, t := range found.Targets {
		failed = errors.Join(failed, out.Landed(i, engine.Result{Target: t, Outcome: podexec.NotStarted, ExitCode: engine.Unknown, Reason: "dry run"}))
	}
	for i, s := range found.Skipped {
		r := engine.Result{Target: s.Target, Outcome: engine.Skipped, ExitCode: engine.Unknown, Reason: s.Reason, Err: s.Err()}
		failed = errors.Join(failed, out.Landed(len(found.Targets)+i, r))
	}
	return cmp.Or(out.Close(ctx), failed)
}

// nameTargets names the pods in which the command would run, each of them once.
func (o *options) nameTargets(found *resolve.Found) error {
	seen := map[resolve.Target]bool{}
	for _, t := range found.Targets {
		pod := resolve.Target{Context: t.Context, Namespace: t.Namespace, Pod: t.Pod}
		if seen[pod] {
			continue
		}
		seen[pod] = true
		if _, err := fmt.Fprintln(o.io.Out, "pod/"+t.Pod); err != nil {
			return err
		}
	}
	return nil
}

// tabulate shows the targets to people.
func (o *options) tabulate(found *resolve.Found) error {
	several := len(o.clusters) > 1
	table := output.Table{Columns: []output.Column{
		{Header: "NAMESPACE"}, {Header: "POD", Shrink: true, Middle: true}, {Header: "CONTAINER"},
		{Header: "NODE", Drop: 2}, {Header: "WORKLOAD", Drop: 1}, {Header: "WOULD RUN"},
	}}
	row := func(t resolve.Target, verdict string) {
		cells := []string{t.Namespace, t.Pod, cmp.Or(t.Container, "-"), cmp.Or(t.Node, "-"), cmp.Or(t.Workload, "-"), verdict}
		if several {
			cells = append([]string{t.Context}, cells...)
		}
		table.Rows = append(table.Rows, cells)
	}
	if several {
		table.Columns = append([]output.Column{{Header: "CONTEXT"}}, table.Columns...)
	}
	for _, t := range found.Targets {
		row(t, "yes")
	}
	for _, s := range found.Skipped {
		row(s.Target, "no: "+s.Reason)
	}
	return table.Write(o.io.Out, o.io.Width())
}

// scale says how much a run would touch.
func (o *options) scale(found *resolve.Found) string {
	text := amount(len(found.Targets), "target")
	if n := len(found.Skipped); n > 0 {
		text += fmt.Sprintf(", %d skipped", n)
	}
	if n := found.Excluded; n > 0 {
		text += fmt.Sprintf(", %d excluded by --exclude-pod", n)
	}
	return text
}
