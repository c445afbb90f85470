package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
)

const verifyLong = `Ask the registry for every manifest and a byte of every blob of every tag, or of those that a
plan keeps, and name what could not be pulled. Nothing is changed.`

const verifyExample = `  # Can everything be pulled
  kubectl regprune verify -n registry

  # Is everything that the plan kept still there
  kubectl regprune verify plan.json`

func newVerifyCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify [PLAN.json | TYPE/NAME] [flags]", Short: "Prove that what is in the registry can be pulled",
		Long: verifyLong, Example: verifyExample, Args: cobra.MaximumNArgs(1), ValidArgsFunction: completePlan,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			return f.verify(cmd.Context(), args)
		},
	}
	return f.verb(cmd, f.reach.set(), f.read.set(), f.show.set(render.ResultFormats))
}

func (f *flags) verify(ctx context.Context, args []string) error {
	if len(args) == 1 && isFile(args[0]) {
		p, err := readPlan(args[0], f.io.In)
		if err != nil {
			return err
		}
		s, err := f.reconnect(ctx, p, "plan")
		if err != nil {
			return f.interrupted(ctx, err)
		}
		return s.prove(ctx, p, nil, f.showVerified)
	}
	s, err := f.connect(ctx, args)
	if err != nil {
		return f.interrupted(ctx, err)
	}
	p, unread, err := s.everything(ctx)
	if err != nil {
		return f.interrupted(ctx, err)
	}
	return s.prove(ctx, p, unread, f.showVerified)
}

// everything is a plan that keeps all there is, and what is not known for it.
func (s *session) everything(ctx context.Context) (*plan.Plan, []verify.Unread, error) {
	g, err := s.look(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	var unread []verify.Unread
	for _, r := range g.Repositories {
		if r.Failed != "" {
			unread = append(unread, verify.Unread{Repo: r.Name, Why: r.Failed})
		}
	}
	return plan.Make(plan.Input{
		Graph: g, Rules: plan.KeepAll, Registry: s.identity(false), Now: time.Now(),
		Limits: plan.Limits{MaxShare: 1, MaxCount: -1},
	}), unread, nil
}

func (f *flags) showVerified(r *verify.Result) error {
	return render.Verify(f.io.Out, f.show.output, r, f.resultOptions())
}

// prove looks at all that p keeps, and shows the result, with the repositories of which p
// has not all.
func (s *session) prove(ctx context.Context, p *plan.Plan, unread []verify.Unread, show func(*verify.Result) error) error {
	f := s.flags
	progress := streams.NewProgress(f.io, "verifying", "images")
	result, err := verify.Kept(ctx, s.client, p, verify.Options{
		Parallel: f.read.parallel, Unread: unread, Progress: func(done, total int) { progress.Update(int64(done), int64(total)) },
	})
	progress.Clear()
	if result != nil {
		if err := show(result); err != nil {
			return err
		}
	}
	s.tell()
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(f.io.Err, "interrupted: not all was looked at")
		return cli.Exit(cli.ExitInterrupted)
	case err != nil:
		return err
	case !result.Intact():
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}
