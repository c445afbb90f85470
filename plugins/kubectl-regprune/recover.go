package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

func newRecoverCommand(f *flags) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use: "recover [TYPE/NAME] [flags]", Short: "Put the registry back as it was before a garbage collection that was killed",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			return f.recover(cmd.Context(), args, force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "go on although a collection may still run that cannot be ended")
	return f.verb(cmd, f.reach.set(), f.show.set(render.ResultFormats))
}

func (f *flags) recover(ctx context.Context, args []string, force bool) error {
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
	undone, err := collect.Recover(ctx, collect.Recovery{Workload: workload, Access: podAccess{s}, Force: force, Progress: s.progress})
	switch {
	case err != nil && ctx.Err() != nil:
		return cli.WithCode(err, cli.ExitInterrupted)
	case err != nil:
		return err
	case undone == nil:
		fmt.Fprintln(f.io.Err, "nothing to recover")
	default:
		fmt.Fprintf(f.io.Err, "recovered from run %s of %s, at %s\n", undone.Run, streams.SanitizeLine(undone.Who), timestamp(undone.Since))
	}
	return nil
}
