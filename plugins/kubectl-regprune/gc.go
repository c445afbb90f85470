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
"kubectl regprune recover" puts the registry back.`

const gcExample = `  # Free the space of what was deleted
  kubectl regprune gc -n registry

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
	g, yes := &gcFlags{}, false
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
			if err := s.rehearse(cmd.Context(), g); err != nil {
				return err
			}
			if err := f.confirm(cmd.Context(), yes, fmt.Sprintf("restart %s twice, read-only in between, and collect its garbage? What was deleted cannot be restored after that.", s)); err != nil {
				return err
			}
			return s.gc(cmd.Context(), g)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
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

// rehearse reports why there would be no garbage collection, before anything is deleted
// for it.
func (s *session) rehearse(ctx context.Context, g *gcFlags) error {
	if err := s.collectable(); err != nil {
		return err
	}
	o, err := s.collection(g)
	if err != nil {
		return err
	}
	return s.flags.ended(ctx, collect.Rehearse(ctx, o))
}

// collection is what to collect, and how.
func (s *session) collection(g *gcFlags) (collect.Options, error) {
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
func (s *session) gc(ctx context.Context, g *gcFlags) error {
	f := s.flags
	o, err := s.collection(g)
	if err != nil {
		return err
	}
	surviveBrokenPipe()
	report, err := collect.Run(ctx, o)
	if report != nil {
		if printErr := render.Collect(f.io.Out, f.show.output, report, f.resultOptions()); err == nil {
			err = printErr // what happened to the registry matters more than who was told
		}
	}
	return f.ended(ctx, err)
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
