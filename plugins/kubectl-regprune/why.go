package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

const whyExample = `  # Is it kept, and by what
  kubectl regprune why team/app:1.4.2 -n registry --keep-last 10

  # What does a plan say about it
  kubectl regprune why team/app@sha256:… --plan plan.json`

// oneImage wants an image, and takes a registry.
func oneImage(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return hint.With(cli.Usagef("no image given"), "such as: kubectl regprune why team/app:1.4.2 --keep-last 10")
	}
	return cobra.MaximumNArgs(2)(cmd, args)
}

func newWhyCommand(f *flags) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use: "why IMAGE [TYPE/NAME] [flags]", Short: "Explain why an image stays or goes", Example: whyExample, Args: oneImage, SuggestFor: []string{"explain"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			var p *plan.Plan
			var g *graph.Registry
			var err error
			if file != "" {
				p, err = readPlan(file, f.io.In)
			} else {
				_, p, g, err = f.storied(cmd.Context(), cmd.Flags(), args[1:])
			}
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			story, err := why.Of(p, g, args[0])
			if err != nil {
				return cli.WithCode(err, cli.ExitNothing)
			}
			return render.Why(f.io.Out, f.show.output, story)
		},
	}
	own := newSet("why")
	own.StringVar(&file, "plan", "", "explain the plan in this `FILE`, instead of making one")
	return f.verb(cmd, own, f.rules.set(), f.use.set(), f.limits.set(), f.reach.set(), f.read.set(), f.show.set(render.ResultFormats))
}

// storied is a plan to tell from: of the rules that are given, or without any, of what is
// in use.
func (f *flags) storied(ctx context.Context, set *pflag.FlagSet, args []string) (*session, *plan.Plan, *graph.Registry, error) {
	if slices.ContainsFunc(ruleNames, set.Changed) {
		return f.plan(ctx, set, args)
	}
	s, err := f.connect(ctx, args)
	if err != nil {
		return nil, nil, nil, err
	}
	g, err := s.look(ctx, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	used, err := s.use(ctx, g)
	if err != nil {
		return nil, nil, nil, err
	}
	return s, plan.Make(plan.Input{
		Graph: g, Rules: plan.KeepAll, Use: used.references, Cluster: used.cluster, Registry: s.identity(false), Now: time.Now(),
		Limits: plan.Limits{MaxShare: 1, MaxCount: -1},
	}), g, nil
}
