package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
)

// rerunnable are the outcomes that --rerun takes, besides those that stand for
// several.
var rerunnable = []string{"failed", "lost", "timeout", "denied", "not-started", "skipped", journal.NotOK, journal.All}

func (o *options) parseRerun(runs []string) (run string, err error) {
	switch outcome := o.memory.rerun; {
	case !slices.Contains(rerunnable, outcome):
		return "", cli.Usagef("--rerun %q: want %s", outcome, strings.Join(rerunnable, ", "))
	case len(runs) > 1:
		return "", cli.Usagef("--rerun takes one run, but %d are named", len(runs))
	case len(runs) == 1:
		return runs[0], nil
	}
	return "last", nil
}

// recall finds the targets of an earlier run that ended so, as they are now: pods
// that are gone or were replaced meanwhile become rows of their own. Without a
// command on the command line the recorded one runs again.
func (o *options) recall(ctx context.Context) (*resolve.Found, error) {
	run, err := o.load(o.rerunOf)
	if err != nil {
		return nil, err
	}
	if err := o.recallCommand(run); err != nil {
		return nil, err
	}
	chosen := run.Select(o.memory.rerun)
	if len(chosen) == 0 {
		return nil, cli.WithCode(fmt.Errorf("no target of run %s is %s", run.ID, o.memory.rerun), cli.ExitNothing)
	}
	what := o.memory.rerun + " target"
	if o.memory.rerun == journal.All {
		what = "target"
	}
	o.say(fmt.Sprintf("again in %s of run %s: %s", amount(len(chosen), what), run.ID, o.commandLine()))
	if err := o.useContexts(chosen); err != nil {
		return nil, err
	}
	all := &resolve.Found{}
	for _, c := range o.clusters {
		var mine []journal.Selected
		for _, s := range chosen {
			if s.Context == c.context {
				mine = append(mine, s)
			}
		}
		if err := recallIn(ctx, c, mine, all); err != nil {
			return nil, c.explain(err)
		}
	}
	return all, nil
}

// recallCommand takes the command from the record, if the command line has none.
func (o *options) recallCommand(run *journal.Run) error {
	if len(o.command.Argv) > 0 || o.command.Script != nil {
		return nil
	}
	if given := withheld(run.Args); given != "" {
		return hint.With(cli.Usagef("run %s had %s, of which the record has no content", run.ID, given), "give the whole command again: --rerun "+o.memory.rerun+" "+run.ID+" … -- COMMAND")
	}
	if at := slices.Index(run.Args, "--"); at >= 0 {
		o.command.Argv = run.Args[at+1:]
	}
	if len(o.command.Argv) == 0 {
		return hint.With(cli.Usagef("run %s has no command to run again", run.ID), "add one after two dashes")
	}
	return nil
}

// withheld names a flag of a recorded command line whose content is not recorded.
func withheld(args []string) string {
	short := regexp.MustCompile(`^-[Aqty]*i`)
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return ""
		case slices.Contains([]string{"--env", "--env-file", "--script", "--workdir", "--run-as", "--stdin", "--shell"}, name):
			return name
		case short.MatchString(arg):
			return "-i"
		}
	}
	return ""
}

// useContexts connects to the clusters that the targets are in, whatever the
// current context is now.
func (o *options) useContexts(chosen []journal.Selected) error {
	var names []string
	for _, s := range chosen {
		if !slices.Contains(names, s.Context) {
			names = append(names, s.Context)
		}
	}
	if len(names) == 1 && len(o.clusters) == 1 && o.clusters[0].context == names[0] {
		return nil
	}
	if slices.Contains(names, "") {
		return errors.New("the recorded targets name no context; they cannot be found again from here")
	}
	o.targets.contexts = names
	var err error
	o.clusters, err = o.connect()
	return err
}

// recallIn looks for targets in one cluster, with one listing for each namespace.
func recallIn(ctx context.Context, c *cluster, chosen []journal.Selected, all *resolve.Found) error {
	if len(chosen) == 0 {
		return nil
	}
	q := resolve.Query{Containers: regexp.MustCompile("")}
	for _, s := range chosen {
		q.Namespaces = append(q.Namespaces, s.Namespace)
	}
	now, err := resolve.Pods(ctx, c.client, q)
	if err != nil && !errors.Is(err, resolve.ErrNothing) {
		return err
	}
	type id struct {
		uid       types.UID
		container string
	}
	targets, skipped := map[id]resolve.Target{}, map[id]resolve.Skip{}
	if now != nil {
		for _, t := range now.Targets {
			targets[id{t.UID, t.Container}] = t
		}
		for _, s := range now.Skipped {
			skipped[id{s.UID, s.Container}] = s
		}
	}
	for _, s := range chosen {
		key := id{types.UID(s.UID), s.Container}
		if t, ok := targets[key]; ok {
			t.Context = c.context
			all.Targets = append(all.Targets, t)
			continue
		}
		skip, ok := skipped[key]
		if !ok {
			skip, ok = skipped[id{types.UID(s.UID), ""}]
		}
		if !ok {
			skip = resolve.Skip{Reason: "the pod is gone or was replaced since that run"}
		}
		skip.Target = s.Resolved()
		all.Skipped = append(all.Skipped, skip)
	}
	return nil
}

// load reads an earlier run.
func (o *options) load(name string) (*journal.Run, error) {
	store, err := openJournal()
	if err != nil {
		return nil, err
	}
	run, err := store.Load(name)
	if errors.Is(err, journal.ErrNoRun) {
		return nil, cli.WithCode(hint.With(err, "kubectl xexec runs lists them"), cli.ExitNothing)
	}
	return run, err
}

func openJournal() (*journal.Store, error) {
	dir, err := journal.DefaultDir()
	if err != nil {
		return nil, err
	}
	return journal.Open(dir)
}
