package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/inventory"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

// newPlanCommand makes the root command, which plans.
func newPlanCommand(f *flags) *cobra.Command {
	detailed, tags := false, false
	cmd := &cobra.Command{
		Use: use, Short: "Plan what to delete from a registry, and what must stay",
		Long: long, Example: example, Args: cobra.MaximumNArgs(1),
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl regprune"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.PlanFormats); err != nil {
				return err
			}
			s, p, g, err := f.plan(cmd.Context(), cmd.Flags(), args)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			if err := render.Plan(f.io.Out, f.show.output, p, f.planOptions(g, tags, time.Time{})); err != nil {
				return err
			}
			s.tell()
			f.warn(p)
			if detailed && p.Totals.TagsDeleted+p.Totals.ManifestsGone > 0 {
				return cli.Exit(exitDiffers)
			}
			return nil
		},
	}
	show := f.show.set(render.PlanFormats)
	show.BoolVar(&tags, "tags", false, "list every tag, and the untagged manifests that go")
	show.BoolVar(&detailed, "detailed-exitcode", false, fmt.Sprintf("exit with %d if the plan deletes anything", exitDiffers))
	sections := []cli.HelpSection{
		{Title: "What to keep", Flags: f.rules.set()}, {Title: "What is in use", Flags: f.use.set()}, {Title: "Guards", Flags: f.limits.set()},
		{Title: "Which registry", Flags: f.reach.set()}, {Title: "How to read it", Flags: f.read.set()}, {Title: "What to show", Flags: show},
	}
	groups := make([]*pflag.FlagSet, len(sections))
	for i, s := range sections {
		groups[i] = s.Flags
	}
	f.verb(cmd, groups...)
	cli.SetHelp(cmd, cli.Help{Usage: verbs, Sections: sections, Details: details, Shared: f.connection()})
	return cmd
}

func (f *flags) planOptions(g *graph.Registry, tags bool, now time.Time) render.PlanOptions {
	return render.PlanOptions{Width: f.io.Width(), NoHeaders: f.show.noHeaders, Tags: tags, Graph: g, Now: now}
}

// plan looks at registry and clusters, and decides. Nothing is changed.
func (f *flags) plan(ctx context.Context, set *pflag.FlagSet, args []string) (*session, *plan.Plan, *graph.Registry, error) {
	rules, err := f.rules.policy(set)
	if err != nil {
		return nil, nil, nil, err
	}
	limits, err := f.limits.limits()
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := f.rules.now(); err != nil {
		return nil, nil, nil, err
	}
	s, err := f.connect(ctx, args)
	if err != nil {
		return nil, nil, nil, err
	}
	p, g, err := s.decide(ctx, rules, limits)
	return s, p, g, err
}

// decide makes a plan of what is there.
func (s *session) decide(ctx context.Context, rules *policy.Policy, limits plan.Limits) (*plan.Plan, *graph.Registry, error) {
	now, err := s.flags.rules.now()
	if err != nil {
		return nil, nil, err
	}
	g, err := s.look(ctx, rules)
	if err != nil {
		return nil, nil, err
	}
	used, err := s.use(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	own := false
	if len(g.Repositories) > 0 {
		if own, err = s.tagsOwn(ctx, g.Repositories[0].Name); err != nil {
			return nil, nil, err
		}
	}
	s.generation(own)
	in := plan.Input{
		Graph: g, Rules: plan.FromPolicy(rules), Use: used.references, Cluster: used.cluster, Limits: limits, Now: now,
		Registry: s.identity(own), Overwrite: s.flags.limits.overwrite,
	}
	p, err := s.make(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if err := s.deletable(ctx, p); hint.Of(err) != "" { // a refusal, which apply would meet
		s.notes = append(s.notes, err.Error()+"; "+hint.Of(err))
	}
	p.Unused = plan.Unused(rules, g)
	p.Notes = append(p.Notes, append(used.notes, s.notes...)...)
	s.notes = nil
	return p, g, nil
}

// make decides, and reads the configs of images that the decision is about until it
// knows all of them.
func (s *session) make(ctx context.Context, in plan.Input) (*plan.Plan, error) {
	for {
		p := plan.Make(in)
		images := unknown(in.Graph, p)
		if len(images) == 0 {
			return p, nil
		}
		if err := inventory.Learn(ctx, s.client, in.Graph, images, s.inventory); err != nil {
			return nil, err
		}
		s.remember(in.Graph)
	}
}

// warn says on stderr what would keep the plan from being applied, and which rules may be
// misspelled, where stdout is for a program.
func (f *flags) warn(p *plan.Plan) {
	if f.show.output == render.Table || f.show.output == render.Wide {
		return
	}
	f.warnUnused(p)
	if f.io.Quiet {
		return
	}
	for _, g := range p.Guards {
		fmt.Fprintf(f.io.Err, "note: apply would refuse this plan: %s (%s overrules)\n", streams.SanitizeLine(g.Text), g.Overrule)
	}
}

// warnUnused is not for --quiet to silence: what a misspelled rule was to keep goes.
func (f *flags) warnUnused(p *plan.Plan) {
	for _, text := range p.Unused {
		fmt.Fprintf(f.io.Err, "warning: %s\n", streams.SanitizeLine(text))
	}
}

// identity is which registry this is.
func (s *session) identity(tagsOwn bool) plan.Registry {
	return plan.Registry{Name: s.name, Context: s.context, Cluster: s.cluster, Server: s.server, TagsOwn: tagsOwn}
}

// tell writes what is to be known and has no other place.
func (s *session) tell() {
	if s.flags.io.Quiet {
		return
	}
	for _, n := range s.notes {
		fmt.Fprintf(s.flags.io.Err, "note: %s\n", streams.SanitizeLine(n))
	}
}

// interrupted turns the end of a context into its exit code.
func (f *flags) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		fmt.Fprintln(f.io.Err, "interrupted: nothing was changed")
		return cli.Exit(cli.ExitInterrupted)
	}
	return err
}
