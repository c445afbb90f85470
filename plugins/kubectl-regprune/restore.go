package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

const restoreLong = `Put back what a run has deleted: manifests and tags, with the same digests. Until garbage
is collected that is everything; afterwards, what others' layers allow, and the rest is
named with what it lacks. A tag that leads elsewhere by now is left alone. The last run is
the newest one that has deleted something.`

const restoreExample = `  # What could be put back
  kubectl regprune restore last --check

  # Put one repository back
  kubectl regprune restore 20260102-150405-abcd --only team/app`

// oneRun wants a run.
func oneRun(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return hint.With(cli.Usagef("no run given"), "kubectl regprune runs lists them; the last one that deleted something: kubectl regprune restore last")
	}
	return cobra.ExactArgs(1)(cmd, args)
}

func newRestoreCommand(f *flags) *cobra.Command {
	var check, force, yes bool
	var only []string
	cmd := &cobra.Command{
		Use: "restore RUN [flags]", Short: "Put back what a run has deleted", SuggestFor: []string{"undo", "rollback"},
		Long: restoreLong, Example: restoreExample, Args: oneRun, ValidArgsFunction: completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			o := backup.RestoreOptions{Check: check, Force: force, Parallel: f.read.parallel}
			return f.restore(cmd.Context(), cmd.Flags(), args[0], only, o, yes || check)
		},
	}
	own := newSet("restore")
	own.BoolVar(&check, "check", false, "only say what could be put back")
	own.BoolVar(&force, "force", false, "also move tags that lead elsewhere by now")
	own.StringSliceVar(&only, "only", nil, "put back these repositories alone")
	own.BoolVarP(&yes, "yes", "y", false, "do not ask")
	return f.verb(cmd, own, f.reach.set(), f.read.set(), f.show.set(render.ResultFormats))
}

func (f *flags) restore(ctx context.Context, set *pflag.FlagSet, name string, only []string, o backup.RestoreOptions, agreed bool) error {
	dir, err := f.undoable(name)
	if err != nil {
		return err
	}
	b, err := backup.Open(dir)
	if err != nil {
		return err
	}
	if err := f.sameNamespace(set, b.Plan); err != nil {
		return err
	}
	if o.Repos, err = among(b.Index.Repos, only); err != nil {
		return err
	}
	s, err := f.reconnect(ctx, b.Plan, "run")
	if err != nil {
		return f.interrupted(ctx, err)
	}
	if !agreed {
		tags := 0
		for _, r := range b.Index.Repos {
			tags += len(r.Tags)
		}
		if err := f.confirm(ctx, false, fmt.Sprintf("put up to %d tags back into %s?", tags, s.name)); err != nil {
			return err
		}
	}
	label := "restoring"
	if o.Check {
		label = "checking"
	}
	progress := streams.NewProgress(f.io, label, "items")
	o.Progress = func(done, total int) { progress.Update(int64(done), int64(total)) }
	surviveBrokenPipe()
	outcomes, err := backup.Restore(ctx, s.client, b, o)
	progress.Clear()
	if printErr := render.Restore(f.io.Out, f.show.output, filepath.Base(dir), outcomes, f.resultOptions()); err == nil {
		err = printErr
	}
	s.tell()
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(f.io.Err, "interrupted; what was put back stays, and the command can be repeated")
		return cli.Exit(cli.ExitInterrupted)
	}
	if err != nil {
		return err
	}
	for _, out := range outcomes {
		if out.Status == backup.Impossible || out.Status == backup.Failed || out.Status == backup.Moved {
			return cli.Exit(cli.ExitPartial)
		}
	}
	if o.Check || o.Repos != nil {
		return nil
	}
	return b.Restored()
}

// among limits a restore to these repositories, if there are any. It refuses what a run
// has not deleted from: nothing of that can be put back, and what was meant would not be.
func among(repos []backup.Repository, only []string) (func(name string) bool, error) {
	if len(only) == 0 {
		return nil, nil
	}
	names := make([]string, len(repos))
	for i, r := range repos {
		names[i] = r.Name
	}
	for _, name := range only {
		if !slices.Contains(names, name) {
			return nil, hint.With(usagef("--only %q: the run was not about this repository", name), "it was about "+strings.Join(names, ", "))
		}
	}
	return func(name string) bool { return slices.Contains(only, name) }, nil
}
