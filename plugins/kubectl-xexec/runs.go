package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
)

// newRunsCommand lists what is remembered of earlier runs.
func newRunsCommand(io *streams.IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "runs [RUN]",
		DisableFlagsInUseLine: true,
		Short:                 "List earlier runs, or the targets of one",
		Long: `List earlier runs, the newest first, or the targets of one and how they ended.

Runs are remembered on this machine for 30 days, the newest 100 of them. --rerun runs a command again
where a run failed, --diff-with compares with one. RUN is an ID, its beginning, or "last".`,
		Example: `  # List the runs
  kubectl xexec runs
  
  # See how the last one ended where
  kubectl xexec runs last
  
  # Run its command again where it failed
  kubectl xexec --rerun failed`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := openJournal()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return listRuns(io, store)
			}
			run, err := store.Load(args[0])
			if errors.Is(err, journal.ErrNoRun) {
				return cli.WithCode(err, cli.ExitNothing)
			}
			if err != nil {
				return err
			}
			return showRun(io, run)
		},
	}
	return cmd
}

func listRuns(io *streams.IO, store *journal.Store) error {
	runs, err := store.List()
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		fmt.Fprintln(io.Err, "no runs are remembered")
		return nil
	}
	table := output.Table{Columns: []output.Column{
		{Header: "RUN"}, {Header: "AGE", Right: true, Drop: 2}, {Header: "STATE"}, {Header: "TARGETS", Right: true, Drop: 1}, {Header: "RESULTS"}, {Header: "COMMAND LINE", Shrink: true},
	}}
	for _, r := range runs {
		table.Rows = append(table.Rows, []string{
			r.ID, duration.HumanDuration(time.Since(r.StartedAt)), string(r.State), fmt.Sprint(r.Total), countsOf(r.End.Counts), shownArgs(r.Args),
		})
	}
	return table.Write(io.Out, io.Width())
}

// countsOf is "2 ok, 1 failed".
func countsOf(counts map[podexec.Outcome]int) string {
	var parts []string
	for _, outcome := range append(slices.Clone(allOutcomes), journal.OutcomeRunning, journal.OutcomeWaiting) {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func shownArgs(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = kube.Quote(arg)
	}
	return streams.SanitizeLine(strings.Join(words, " "))
}

func showRun(io *streams.IO, run *journal.Run) error {
	fmt.Fprintf(io.Err, "run %s: %s ago, %s: %s\n", run.ID, duration.HumanDuration(time.Since(run.StartedAt)), run.State, shownArgs(run.Args))
	table := output.Table{Columns: []output.Column{
		{Header: "CONTEXT", Drop: 1}, {Header: "NAMESPACE"}, {Header: "POD"}, {Header: "CONTAINER"}, {Header: "OUTCOME"}, {Header: "TIME", Right: true}, {Header: "WHY", Shrink: true},
	}}
	for i, t := range run.Targets {
		row := run.Rows[i]
		why := row.Reason
		if why == "" && row.ExitCode != nil && *row.ExitCode != 0 {
			why = fmt.Sprintf("exit code %d", *row.ExitCode)
		}
		table.Rows = append(table.Rows, []string{t.Context, t.Namespace, t.Pod, t.Container, string(row.Outcome), elapsed(row.Duration), streams.SanitizeLine(why)})
	}
	return table.Write(io.Out, io.Width())
}
