package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

const gcLong = `Run the registry's own garbage collection so that nothing is lost by it. The registry is
made read-only, which restarts it, and proven to refuse uploads; what the collection is
about to delete is compared with everything that tags and manifests need, and one digest
too many stops it; afterwards the registry is put back as it was, and asked whether it
still claims to have what is gone.

A registry that would lose its content by a restart is refused. If this command is killed,
"kubectl regprune recover" puts the registry back.

With --dry-run nothing is restarted: the registry is asked what it would delete, and that
is compared with what is needed. Pushes go on meanwhile, so the numbers are those of now.`

const gcExample = `  # Free the space of what was deleted
  kubectl regprune gc -n registry

  # How much would that be
  kubectl regprune gc -n registry --dry-run

  # Put the registry back as it was, after a run that was killed
  kubectl regprune recover -n registry`

// gcFlags are those of a garbage collection.
type gcFlags struct {
	allow   []string
	timeout time.Duration
}

func (g *gcFlags) bind(fs *pflag.FlagSet) {
	fs.StringSliceVar(&g.allow, "allow", nil, "go on in spite of these findings, which a refusal names")
	fs.DurationVar(&g.timeout, "gc-timeout", 0, "how long the registry may be read-only (default 2h)")
}

func newGCCommand(f *flags) *cobra.Command {
	g, yes, dryRun := &gcFlags{}, false, false
	cmd := &cobra.Command{
		Use: "gc [TYPE/NAME] [flags]", Short: "Collect the registry's garbage, read-only and verified", SuggestFor: []string{"collect", "garbage-collect"},
		Long: gcLong, Example: gcExample, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			s, err := f.connect(cmd.Context(), args)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			if dryRun {
				return s.preview(cmd.Context(), g, f.showCollected)
			}
			return s.askAndCollect(cmd.Context(), g, yes, f.showCollected)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be collected as things stand, and change nothing")
	g.bind(cmd.Flags())
	return f.verb(cmd, f.reach.set(), f.read.set(), f.show.set(render.ResultFormats))
}

// collectable reports why there is no garbage collection for this registry.
func (s *session) collectable() error {
	if s.candidate == nil {
		return hint.With(fmt.Errorf("%q cannot be made read-only from here: it was given by its URL", s.name),
			"name its service instead; or stop it, run its garbage-collect without -m, and start it again")
	}
	return nil
}

// showFunc is told how a collection went.
type showFunc = func(*collect.Report) error

func (f *flags) showCollected(r *collect.Report) error {
	return render.Collect(f.io.Out, f.show.output, r, f.resultOptions())
}

// rehearse reports why there would be no garbage collection, before anything is deleted
// for it, or else what there is.
func (s *session) rehearse(ctx context.Context, g *gcFlags) (*collect.Report, error) {
	o, err := s.collection(g)
	if err != nil {
		return nil, err
	}
	report, err := collect.Rehearse(ctx, o)
	return report, s.flags.ended(ctx, err)
}

// preview shows what would be collected.
func (s *session) preview(ctx context.Context, g *gcFlags, show showFunc) error {
	return s.shown(ctx, g, collect.Preview, show)
}

// askAndCollect collects what there is, if the user agrees.
func (s *session) askAndCollect(ctx context.Context, g *gcFlags, yes bool, show showFunc) error {
	report, err := s.rehearse(ctx, g)
	if err != nil {
		return err
	}
	if report.Nothing {
		return show(report)
	}
	if err := s.flags.confirm(ctx, yes, fmt.Sprintf("restart %s twice, read-only in between, and collect its garbage? What was deleted cannot be restored after that.", s)); err != nil {
		return err
	}
	return s.gc(ctx, g, show)
}

// collection is what to collect, and how.
func (s *session) collection(g *gcFlags) (collect.Options, error) {
	if err := s.collectable(); err != nil {
		return collect.Options{}, err
	}
	workload, err := s.workload()
	if err != nil {
		return collect.Options{}, err
	}
	o := collect.Options{
		Workload: workload, Access: podAccess{s}, Reachable: s.reachable, Config: s.candidate.ConfigPath, Who: whoAmI(),
		Allow: map[string]bool{}, Recover: s.again("recover"), Collect: g.timeout, Progress: s.progress,
	}
	for _, id := range g.allow {
		o.Allow[id] = true
	}
	return o, nil
}

// gc collects.
func (s *session) gc(ctx context.Context, g *gcFlags, show showFunc) error {
	surviveBrokenPipe()
	return s.shown(ctx, g, collect.Run, show)
}

// shown does something with the garbage, and shows how far it came.
func (s *session) shown(ctx context.Context, g *gcFlags, do func(context.Context, collect.Options) (*collect.Report, error), show showFunc) error {
	o, err := s.collection(g)
	if err != nil {
		return err
	}
	report, err := do(ctx, o)
	if report != nil {
		if printErr := show(report); err == nil {
			err = printErr // what happened to the registry matters more than who was told
		}
	}
	return s.flags.ended(ctx, err)
}

// ended gives the end of a collection its exit code.
func (f *flags) ended(ctx context.Context, err error) error {
	var refused *collect.RefusedError
	switch {
	case errors.As(err, &refused), errors.Is(err, collect.ErrFirewall):
		return cli.WithCode(err, exitRefused)
	case errors.Is(err, disk.ErrNoTools): // seen before anything is changed
		return cli.WithCode(hint.With(err, "run an image of the registry that has a shell, as the official ones do; "+
			"or stop the registry, run its garbage-collect without -m on its volume, and start it again"), exitRefused)
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(f.io.Err, "interrupted; unless an error below says otherwise, the registry is as it was")
		return cli.WithCode(err, cli.ExitInterrupted)
	}
	return err
}

// progress tells of the steps, each of which may take minutes.
func (s *session) progress(e collect.Event) {
	if !s.flags.io.Quiet {
		fmt.Fprintf(s.flags.io.Err, "%s: %s\n", e.Step, streams.SanitizeLine(e.Text))
	}
}

// reachable reads the registry once more, when nobody can push any more.
func (s *session) reachable(ctx context.Context) (collect.Reachable, error) {
	if err := s.reopen(ctx); err != nil {
		return nil, err
	}
	g, err := s.look(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range g.Repositories {
		if r.Failed != "" {
			return nil, fmt.Errorf("what %q needs is not known: %s", r.Name, r.Failed)
		}
	}
	return collect.Reachable(g.Needed()), nil
}

// reopen connects again: the pods are others since the registry was restarted.
func (s *session) reopen(ctx context.Context) error {
	c, err := s.flags.locate(ctx, []string{s.name})
	if err != nil {
		return err
	}
	s.candidate, s.run = c, nil
	s.client.Close()
	return nil
}

func (s *session) workload() (collect.Workload, error) {
	client, err := s.flags.kube.Client()
	if err != nil {
		return nil, err
	}
	return collect.NewWorkload(client, s.candidate.Workload, s.candidate.Namespace, s.container())
}

func whoAmI() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
