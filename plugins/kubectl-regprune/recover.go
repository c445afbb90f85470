package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

func newRecoverCommand(f *flags) *cobra.Command {
	force, yes := false, false
	cmd := &cobra.Command{
		Use: "recover [TYPE/NAME] [flags]", Short: "Put the registry back as it was before a garbage collection that was killed",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			return f.recover(cmd.Context(), args, force, yes)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "go on although a collection may still run that cannot be ended")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask, if no run has noted what it changed")
	return f.verb(cmd, f.reach.set(), f.show.set(render.ResultFormats))
}

func (f *flags) recover(ctx context.Context, args []string, force, yes bool) error {
	c, err := f.locate(ctx, args)
	if err != nil {
		return f.interrupted(ctx, err)
	}
	s := &session{flags: f, candidate: c, name: c.Name()}
	workload, err := s.workload()
	if err != nil {
		return err
	}
	surviveBrokenPipe()
	o := collect.Recovery{Workload: workload, Access: podAccess{s}, Force: force, Progress: s.progress}
	undone, err := collect.Recover(ctx, o)
	if errors.Is(err, collect.ErrUnnoted) {
		if err := s.askUnnoted(ctx, yes); err != nil {
			return err
		}
		o.Unnoted = true
		undone, err = collect.Recover(ctx, o)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return cli.WithCode(err, cli.ExitInterrupted)
	case err != nil:
		return err
	case undone == nil:
		fmt.Fprintln(f.io.Err, "nothing to recover")
	case o.Unnoted:
		fmt.Fprintf(f.io.Err, "recovered: the variable %s is removed\n", collect.Variable)
	default:
		fmt.Fprintf(f.io.Err, "recovered from run %s of %s, at %s\n", undone.Run, streams.SanitizeLine(undone.Who), timestamp(undone.Since))
	}
	return nil
}

// askUnnoted asks whether the registry is to be opened, which somebody may have closed on
// purpose.
func (s *session) askUnnoted(ctx context.Context, yes bool) error {
	c := s.candidate
	fmt.Fprintf(s.flags.io.Err, "%s is read-only by the variable %s, as gc sets it, and no run has noted that:\n"+
		"kubectl rollout undo went back to a revision of a garbage collection, or somebody has set it.\n"+
		"By hand, it is removed by: kubectl -n %s set env %s -c %s %s-\n",
		s, collect.Variable, c.Namespace, c.Workload, s.container(), collect.Variable)
	return s.flags.confirm(ctx, yes, "remove the variable, which restarts the registry?")
}
