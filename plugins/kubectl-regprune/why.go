package main

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

const whyExample = `  # Is it kept, and by what
  kubectl regprune why team/app:1.4.2 -n registry --keep-last 10

  # What does a plan say about it
  kubectl regprune why team/app@sha256:… --plan plan.json`

func newWhyCommand(f *flags) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use: "why IMAGE [TYPE/NAME] [flags]", Short: "Explain why an image stays or goes", Example: whyExample, Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			var p *plan.Plan
			var g *graph.Registry
			var err error
			if file != "" {
				_, p, err = readPlan(file, f.io.In)
			} else {
				_, p, g, err = f.plan(cmd.Context(), cmd.Flags(), args[1:])
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
