package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
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
		Use: "apply [PLAN.json | TYPE/NAME] [flags]", Short: "Delete what a plan says",
		Long: applyLong, Example: applyExample, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			if a.resume != "" && len(args) > 0 {
				return usagef("--resume and %q exclude each other: a run has its plan", args[0])
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

// job is a plan that is about to be applied.
type job struct {
	session *session
	plan    *plan.Plan
	raw     []byte // of the plan
	graph   *graph.Registry
	backup  *backup.Backup // of a run that is resumed
}

func (f *flags) apply(ctx context.Context, set *pflag.FlagSet, args []string, a *applyFlags) error {
	j, err := f.job(ctx, set, args, a.resume)
	if err != nil {
		return f.interrupted(ctx, err)
	}
	if j.plan.Totals.TagsDeleted+j.plan.Totals.ManifestsGone == 0 {
		fmt.Fprintln(f.io.Err, "nothing to delete; what is garbage already: "+j.session.again("gc"))
		return nil
	}
	if a.gc {
		if err := j.session.rehearse(ctx, &a.gcFlags); err != nil {
			return err
		}
	}
	if err := j.permit(ctx, set, a); err != nil {
		return err
	}
	if j.backup == nil {
		if j.backup, err = j.save(ctx); err != nil {
			return f.interrupted(ctx, err)
		}
	}
	surviveBrokenPipe()
	result, err := j.run(ctx)
	if err := j.conclude(ctx, result, err, a.gc); err != nil || !a.gc {
		if a.gc {
			fmt.Fprintln(f.io.Err, "no garbage was collected")
		}
		return err
	}
	if err := j.session.gc(ctx, &a.gcFlags); err != nil {
		return err
	}
	return j.session.prove(ctx, j.plan)
}

// job makes a plan, reads one, or finds the one of a run.
func (f *flags) job(ctx context.Context, set *pflag.FlagSet, args []string, resume string) (*job, error) {
	j := &job{}
	var err error
	switch {
	case resume != "":
		dir, err := runDir(resume)
		if err != nil {
			return nil, err
		}
		if j.backup, err = backup.Open(dir); err != nil {
			return nil, err
		}
		j.plan = j.backup.Plan
	case len(args) == 1 && isFile(args[0]):
		if j.raw, j.plan, err = readPlan(args[0], f.io.In); err != nil {
			return nil, err
		}
	default:
		j.session, j.plan, j.graph, err = f.plan(ctx, set, args)
		if err == nil {
			j.raw, err = json.MarshalIndent(j.plan, "", "  ")
		}
		return j, err
	}
	if err := f.agree(set, j.plan); err != nil {
		return nil, err
	}
	if err := f.adopt(set, j.plan); err != nil {
		return nil, err
	}
	if j.session, err = f.reconnect(ctx, j.plan, "plan"); err != nil {
		return nil, err
	}
	j.graph, err = j.session.look(ctx, nil)
	return j, err
}

// isFile tells a plan's file from a workload: TYPE/NAME can be a path, but is none
// that exists.
func isFile(arg string) bool {
	if arg == "-" || strings.HasSuffix(arg, ".json") || strings.HasSuffix(arg, ".yaml") {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

func readPlan(name string, stdin io.Reader) ([]byte, *plan.Plan, error) {
	read := func() ([]byte, error) { return os.ReadFile(name) }
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(stdin) }
	}
	raw, err := read()
	if err != nil {
		return nil, nil, cli.WithCode(fmt.Errorf("reading the plan: %w", err), cli.ExitUsage)
	}
	p, err := plan.Parse(raw)
	if err != nil {
		return nil, nil, cli.WithCode(fmt.Errorf("reading the plan %q: %w", name, err), cli.ExitUsage)
	}
	return raw, p, nil
}

// agree refuses flags that a plan has an answer to already, and another one.
func (f *flags) agree(set *pflag.FlagSet, p *plan.Plan) error {
	for _, name := range ruleNames {
		if set.Changed(name) {
			return hint.With(usagef("--%s does not go with a plan that is made already: it has its rules", name), "make a new plan with it, or leave it out")
		}
	}
	return f.sameNamespace(set, p)
}

// sameNamespace refuses -n with another namespace than that of p's registry.
func (f *flags) sameNamespace(set *pflag.FlagSet, p *plan.Plan) error {
	parts := strings.Split(p.Registry.Name, "/")
	if !set.Changed("namespace") {
		return nil
	}
	namespace, err := f.kube.Namespace()
	if err != nil {
		return err
	}
	if strings.Contains(p.Registry.Name, "://") || len(parts) == 3 && parts[1] == namespace {
		return nil
	}
	return usagef("-n %s: the registry is %q", namespace, p.Registry.Name)
}

// adopt takes over from a plan how clusters were asked, so that they are asked
// the same again.
func (f *flags) adopt(set *pflag.FlagSet, p *plan.Plan) error {
	for _, kind := range p.Cluster.Missing { // CONTEXT: KIND if there are several
		_, name, several := strings.Cut(kind, ": ")
		if !several {
			name = kind
		}
		f.use.partial = append(f.use.partial, name)
	}
	f.use.aliases = append(f.use.aliases, p.Cluster.Aliases...)
	f.use.foreign = append(f.use.foreign, p.Cluster.Foreign...)
	f.use.deep, f.use.nodeImages = f.use.deep || p.Cluster.Deep, f.use.nodeImages || p.Cluster.NodeImages
	if p.Cluster.Skipped {
		f.use.none = true
		return nil
	}
	current, err := f.kube.ContextName()
	if err != nil {
		return err
	}
	for _, context := range p.Cluster.Contexts {
		if context != current {
			f.use.contexts = append(f.use.contexts, context)
		}
	}
	return nil
}

// named are the arguments that lead to the registry of a plan. A login goes to a URL that
// the user has typed, never to one that merely is in a file.
func (f *flags) named(p *plan.Plan) ([]string, error) {
	if strings.Contains(p.Registry.Name, "://") {
		if f.reach.url == "" && f.reach.username != "" {
			return nil, hint.With(usagef("--username goes to a registry that is named on the command line, and the plan names %q", p.Registry.Name),
				"if that is the one: --registry "+kube.Quote(p.Registry.Name))
		}
		if f.reach.url == "" {
			f.reach.url = p.Registry.Name
		}
		return nil, nil
	}
	if f.reach.url != "" {
		return nil, nil
	}
	return []string{p.Registry.Name}, nil
}

// reconnect finds the registry of a plan again, and makes sure that it is the one.
func (f *flags) reconnect(ctx context.Context, p *plan.Plan, what string) (*session, error) {
	args, err := f.named(p)
	if err != nil {
		return nil, err
	}
	s, err := f.connect(ctx, args)
	if err != nil {
		return nil, err
	}
	return s, s.is(p.Registry, what)
}

// permit asks everybody who can say no: the guards, the registry, and the user.
func (j *job) permit(ctx context.Context, set *pflag.FlagSet, a *applyFlags) error {
	f := j.session.flags
	limits, err := f.limits.limits()
	if err != nil {
		return err
	}
	j.plan.Guards = reconsidered(set, j.plan, limits)
	if j.backup == nil {
		if err := refusal(j.plan.Guards); err != nil {
			return err
		}
		if err := j.stillUsed(ctx); err != nil {
			return f.interrupted(ctx, err)
		}
	}
	if err := j.deletable(ctx); err != nil {
		return err
	}
	if a.yes && !a.dryRun {
		return nil
	}
	if !f.io.Quiet {
		if err := render.Plan(f.io.Err, render.Table, j.plan, f.planOptions(j.graph, false, time.Now())); err != nil {
			return err
		}
	}
	if a.dryRun {
		fmt.Fprintln(f.io.Err, "nothing was changed: --dry-run")
		return cli.Exit(cli.ExitOK)
	}
	t := j.plan.Totals
	question := fmt.Sprintf("delete %d tags and %d manifests from %s?", t.TagsDeleted, t.ManifestsGone, j.session)
	if a.gc {
		question = fmt.Sprintf("delete %d tags and %d manifests from %s, then restart it twice to free their space? They cannot be restored after that.",
			t.TagsDeleted, t.ManifestsGone, j.session)
	}
	return f.confirm(ctx, false, question)
}

// stillUsed refuses a plan whose registry nobody seems to use any more, although somebody
// did when it was made: it may be another registry, or have other names by now.
func (j *job) stillUsed(ctx context.Context) error {
	f := j.session.flags
	if f.use.none || f.limits.allowNoUse || j.plan.Cluster.Matched == 0 {
		return nil
	}
	used, err := j.session.use(ctx, j.graph)
	if err != nil {
		return err
	}
	if used.cluster.Matched > 0 {
		return nil
	}
	return refusal([]plan.Guard{{
		ID: plan.GuardNoUse, Overrule: "--allow-no-references",
		Text: fmt.Sprintf("%d images of the registry were in use when the plan was made, and none is now", j.plan.Cluster.Matched),
	}})
}

// reconsidered are the guards of a plan, of which those that flags are about count as
// these say now; the others stay as they were decided with the plan.
func reconsidered(set *pflag.FlagSet, p *plan.Plan, limits plan.Limits) (out []plan.Guard) {
	flag := map[string]string{plan.GuardMaxDelete: "max-delete", plan.GuardEmpty: "allow-empty", plan.GuardNoUse: "allow-no-references"}
	for _, g := range p.Guards {
		if !set.Changed(flag[g.ID]) {
			out = append(out, g)
		}
	}
	for _, g := range plan.Check(p, limits) {
		if set.Changed(flag[g.ID]) {
			out = append(out, g)
		}
	}
	return out
}

func refusal(guards []plan.Guard) error {
	if len(guards) == 0 {
		return nil
	}
	var texts, flags []string
	for _, g := range guards {
		texts, flags = append(texts, g.Text), append(flags, g.Overrule)
	}
	err := fmt.Errorf("refusing to apply the plan: %s", strings.Join(texts, "; "))
	return cli.WithCode(hint.With(err, "if that is what you want: "+strings.Join(flags, " ")), exitRefused)
}

// deletable asks the registry whether it deletes at all, before anything depends on it.
func (j *job) deletable(ctx context.Context) error {
	repository := firstDeletion(j.plan)
	if repository == "" { // tags only
		return nil
	}
	d, err := j.session.client.Deletion(ctx, repository)
	switch {
	case err != nil:
		return err
	case d.Ability == registry.Disabled:
		return hint.With(fmt.Errorf("%q does not delete: %s", j.session.name, d.Evidence), j.session.enableDeletion())
	case d.Ability == registry.Denied:
		return hint.With(fmt.Errorf("%q does not let this user delete: %s", j.session.name, d.Evidence), "give a login that may: --username and --password-file")
	}
	return nil
}

// enableDeletion is what makes the registry delete.
func (s *session) enableDeletion() string {
	const variable = "REGISTRY_STORAGE_DELETE_ENABLED=true"
	if c := s.candidate; c != nil && !c.Storage.RestartLosesData {
		return fmt.Sprintf("restart it with deletion enabled, or out of maintenance: kubectl -n %s set env %s %s", c.Namespace, c.Workload, variable)
	}
	return "start it with " + variable + ", and not read-only"
}

// save backs up what goes.
func (j *job) save(ctx context.Context) (*backup.Backup, error) {
	dir, err := backup.DefaultDir()
	if err != nil {
		return nil, err
	}
	f := j.session.flags
	j.recall(dir)
	progress := streams.NewProgress(f.io, "backing up", "manifests")
	defer progress.Clear()
	return backup.Write(ctx, j.session.client, j.raw, filepath.Join(dir, backup.NewName(time.Now())), backup.WriteOptions{
		Parallel: f.read.parallel, Progress: func(done, total int) { progress.Update(int64(done), int64(total)) },
	})
}

// recall tells of an earlier run of the same plan: what that one has deleted is in its
// backup, and in no later one.
func (j *job) recall(dir string) {
	runs, err := backup.List(dir)
	if err != nil || j.session.flags.io.Quiet {
		return // nothing depends on it
	}
	for _, r := range runs {
		if raw, err := os.ReadFile(filepath.Join(r.Dir, "plan.json")); err == nil && bytes.Equal(raw, j.raw) && r.State != backup.Unfinished {
			fmt.Fprintf(j.session.flags.io.Err, "note: run %s was about the same plan, and has what it deleted; to go on with it: kubectl regprune apply --resume %s\n", r.Name, r.Name)
			return
		}
	}
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
func (j *job) conclude(ctx context.Context, r *apply.Result, err error, gc bool) error {
	f := j.session.flags
	name := filepath.Base(j.backup.Dir)
	if r != nil {
		if printErr := render.Apply(f.io.Out, f.show.output, r, f.resultOptions()); err == nil {
			err = printErr // what happened to the registry matters more than who was told
		}
	}
	if !f.io.Quiet && (!gc || err != nil || !r.Complete()) {
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
		return hint.With(err, firstOf(hint.Of(err), "to go on: kubectl regprune apply --resume "+name))
	case !r.Complete():
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
