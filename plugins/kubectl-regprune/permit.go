package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

// permit asks everybody who can say no: the guards, the registry, and the user, unless it
// is a dry run, which ends with that.
func (j *job) permit(ctx context.Context, set *pflag.FlagSet, a *applyFlags) error {
	f := j.session.flags
	limits, err := f.limits.limits()
	if err != nil {
		return err
	}
	j.plan.Guards = reconsidered(set, j.plan, limits)
	if j.backup == nil { // of a run that is resumed, they were asked when it began
		if err := refusal(j.plan.Guards); err != nil {
			return err
		}
	}
	if err := j.stillUsed(ctx); err != nil {
		return f.interrupted(ctx, err)
	}
	if err := j.session.deletable(ctx, j.plan); err != nil {
		return err
	}
	if err := j.show(a.yes && !a.dryRun); err != nil {
		return err
	}
	switch {
	case a.dryRun:
		fmt.Fprintln(f.io.Err, "nothing was changed: --dry-run")
		return nil
	case a.yes:
		return nil
	}
	t := j.plan.Totals
	question := fmt.Sprintf("delete %d tags and %d manifests from %s?", t.TagsDeleted, t.ManifestsGone, j.session)
	if a.gc {
		question = fmt.Sprintf("delete %d tags and %d manifests from %s, then restart it twice to free their space? They cannot be restored after that.",
			t.TagsDeleted, t.ManifestsGone, j.session)
	}
	return f.confirm(ctx, false, question)
}

// show shows the plan, or only what is wrong with it to who has agreed to it, and tells of
// earlier runs.
func (j *job) show(agreed bool) error {
	f := j.session.flags
	if agreed || f.io.Quiet {
		f.warnUnused(j.plan)
	} else if err := render.Plan(f.io.Err, render.Table, j.plan, f.planOptions(j.graph, false, time.Now())); err != nil {
		return err
	}
	j.recall()
	return nil
}

// resumable refuses limits for a run that goes on: parts of its plan are done, so that
// they could no longer be about all of it.
func resumable(set *pflag.FlagSet) error {
	for _, name := range []string{"max-delete", "allow-empty"} {
		if set.Changed(name) {
			return hint.With(usagef("--%s does not go with --resume: the limits were those of the run when it began", name),
				"leave it out; or put back what the run has deleted, and make a new plan: kubectl regprune restore RUN")
		}
	}
	return nil
}

// stillUsed refuses a plan whose registry nobody seems to use any more, although somebody
// did when it was made: it may be another registry, or have other names by now.
func (j *job) stillUsed(ctx context.Context) error {
	f := j.session.flags
	if !j.old || f.use.none || f.limits.allowNoUse || j.plan.Cluster.Matched == 0 {
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

// deletable asks the registry whether it deletes at all, before anything depends on it:
// by a digest that cannot exist. nil if p deletes no manifest.
func (s *session) deletable(ctx context.Context, p *plan.Plan) error {
	repository := firstDeletion(p)
	if repository == "" {
		return nil
	}
	d, err := s.client.Deletion(ctx, repository)
	switch {
	case err != nil:
		return err
	case d.Ability == registry.Disabled:
		return hint.With(fmt.Errorf("%q does not delete: %s", s.name, d.Evidence), s.enableDeletion())
	case d.Ability == registry.Denied:
		return hint.With(fmt.Errorf("%q does not let this user delete: %s", s.name, d.Evidence), "give a login that may: --username and --password-file")
	}
	return nil
}

// firstDeletion is a repository that loses a manifest, "" if none does.
func firstDeletion(p *plan.Plan) string {
	for _, r := range p.Repos {
		for _, m := range r.Manifests {
			if m.Action == plan.Delete {
				return r.Name
			}
		}
	}
	return ""
}

// enableDeletion is what makes the registry delete.
func (s *session) enableDeletion() string {
	const variable = "REGISTRY_STORAGE_DELETE_ENABLED=true"
	if c := s.candidate; c != nil && !c.Storage.RestartLosesData {
		return fmt.Sprintf("restart it with deletion enabled, or out of maintenance: kubectl -n %s set env %s %s", c.Namespace, c.Workload, variable)
	}
	return "start it with " + variable + ", and not read-only"
}
