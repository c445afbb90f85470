package main

import (
	"cmp"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// printTargets shows where the command would run, where not, and why.
func (o *options) printTargets(found *resolve.Found) error {
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
	if err := table.Write(o.io.Out, o.io.Width()); err != nil {
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
