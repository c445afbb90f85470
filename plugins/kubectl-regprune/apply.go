package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

const applyLong = `Delete what a plan says, and nothing else: a plan from a file, or one that is made now of
the rules that are given.

Manifests are backed up first. Each tag is looked at again before it is touched: what has
moved since the plan was made, or is in use by now, is left alone. Every step is written
to a journal; --resume goes on with a run that was interrupted, and "kubectl regprune
restore" undoes one, completely until garbage is collected.`

const applyExample = `  # Do what was planned
  kubectl regprune -n registry --keep-last 10 -o json > plan.json
  kubectl regprune apply plan.json

  # Plan, ask, and do it
  kubectl regprune apply -n registry --keep-last 10

  # Go on with a run that was interrupted
  kubectl regprune apply --resume last`

// applyFlags are those of apply alone.
type applyFlags struct {
	yes    bool
	dryRun bool
	resume string
	gc     bool
	gcFlags
}

func newApplyCommand(f *flags) *cobra.Command {
	a := &applyFlags{}
	cmd := &cobra.Command{
		Use: "apply [PLAN.json | TYPE/NAME] [flags]", Short: "Delete what a plan says", SuggestFor: []string{"prune", "delete", "run"},
		Long: applyLong, Example: applyExample, Args: cobra.MaximumNArgs(1), ValidArgsFunction: completePlan,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			if a.resume != "" && len(args) > 0 {
				return usagef("--resume and %q exclude each other: a run has its plan", args[0])
			}
			if a.resume != "" {
				if err := resumable(cmd.Flags()); err != nil {
					return err
				}
			}
			return f.apply(cmd.Context(), cmd.Flags(), args, a)
		},
	}
	own := newSet("apply")
	own.BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	own.BoolVar(&a.dryRun, "dry-run", false, "ask everybody who can refuse, show the plan, and change nothing")
	own.StringVar(&a.resume, "resume", "", "go on with this `RUN`; last is the newest")
	own.BoolVar(&a.gc, "gc", false, "collect the registry's garbage afterwards, read-only and verified, and prove that what was kept can be pulled")
	a.bind(own)
	return f.verb(cmd, own, f.rules.set(), f.use.set(), f.limits.set(), f.reach.set(), f.read.set(), f.show.set(render.ResultFormats))
}

func (f *flags) apply(ctx context.Context, set *pflag.FlagSet, args []string, a *applyFlags) error {
	j, err := f.job(ctx, set, args, a.resume)
	if err != nil {
		return f.interrupted(ctx, err)
	}
	r := &report{flags: f}
	if j.plan.Totals.TagsDeleted+j.plan.Totals.ManifestsGone == 0 {
		return r.end(j.idle(ctx, a, r))
	}
	if a.gc {
		if _, err := j.session.rehearse(ctx, &a.gcFlags); err != nil {
			return err
		}
	}
	if err := j.permit(ctx, set, a); err != nil || a.dryRun {
		return err
	}
	return r.end(j.do(ctx, a, r))
}

// idle is for a plan that deletes nothing: what is garbage already is collected all the
// same, if that was asked for.
func (j *job) idle(ctx context.Context, a *applyFlags, r *report) error {
	s := j.session
	switch {
	case !a.gc:
		r.applied = &apply.Result{}
		fmt.Fprintln(s.flags.io.Err, "nothing to delete; what is garbage already: "+s.again("gc"))
		return nil
	case a.dryRun:
		fmt.Fprintln(s.flags.io.Err, "nothing to delete")
		return s.preview(ctx, &a.gcFlags, r.collected)
	}
	fmt.Fprintln(s.flags.io.Err, "nothing to delete; what is garbage already is looked for")
	if err := s.askAndCollect(ctx, &a.gcFlags, a.yes, r.collected); err != nil {
		return err
	}
	return s.prove(ctx, j.plan, nil, r.verified)
}

// do is everything that changes the registry.
func (j *job) do(ctx context.Context, a *applyFlags, r *report) (err error) {
	f := j.session.flags
	if j.backup == nil {
		if j.backup, err = j.save(ctx); err != nil {
			return f.interrupted(ctx, err)
		}
	}
	surviveBrokenPipe()
	r.applied, err = j.run(ctx)
	if err := j.conclude(ctx, r, err, a.gc); err != nil || !a.gc {
		if a.gc {
			fmt.Fprintln(f.io.Err, "no garbage was collected")
		}
		return err
	}
	if err := j.session.gc(ctx, &a.gcFlags, r.collected); err != nil {
		return err
	}
	return j.session.prove(ctx, j.plan, nil, r.verified)
}

// save backs up what goes.
func (j *job) save(ctx context.Context) (*backup.Backup, error) {
	dir, err := backup.DefaultDir()
	if err != nil {
		return nil, err
	}
	f := j.session.flags
	progress := streams.NewProgress(f.io, "backing up", "manifests")
	defer progress.Clear()
	return backup.Write(ctx, j.session.client, j.raw, filepath.Join(dir, backup.NewName(time.Now())), backup.WriteOptions{
		Parallel: f.read.parallel, Progress: func(done, total int) { progress.Update(int64(done), int64(total)) },
	})
}

// run deletes.
func (j *job) run(ctx context.Context) (*apply.Result, error) {
	f := j.session.flags
	progress := streams.NewProgress(f.io, "deleting", "items")
	defer progress.Clear()
	o := apply.Options{
		Parallel: f.read.parallel, UntagByOverwrite: f.limits.overwrite, Pressure: &apply.Pressure{},
		Progress: func(done, total int) { progress.Update(int64(done), int64(total)) },
	}
	j.session.pressure = o.Pressure.Note
	if !f.use.none {
		o.Recheck = func(ctx context.Context) (plan.References, error) {
			used, err := j.session.use(ctx, j.graph)
			if err != nil {
				return plan.References{}, err
			}
			return used.references, nil
		}
	}
	return apply.Run(ctx, j.session.client, j.backup, o)
}

// conclude says how it went.
func (j *job) conclude(ctx context.Context, r *report, err error, gc bool) error {
	f := j.session.flags
	name := filepath.Base(j.backup.Dir)
	if printErr := r.forPeople(); err == nil {
		err = printErr // what happened to the registry matters more than who was told
	}
	if !f.io.Quiet && (!gc || err != nil || !r.applied.Complete()) {
		fmt.Fprintf(f.io.Err, "run %s: to undo it, kubectl regprune restore %s\n", name, name)
	}
	if !gc && err == nil && !f.io.Quiet {
		fmt.Fprintf(f.io.Err, "no space is free yet: %s\n", j.session.again("gc"))
	}
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintf(f.io.Err, "interrupted; to go on: kubectl regprune apply --resume %s\n", name)
		return cli.Exit(cli.ExitInterrupted)
	case err != nil:
		return hint.With(err, cmp.Or(hint.Of(err), "to go on: kubectl regprune apply --resume "+name))
	case !r.applied.Complete():
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}
