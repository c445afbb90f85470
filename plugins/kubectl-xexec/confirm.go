package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/pick"
)

// manyTargets is the number of targets above which a person is asked first.
const manyTargets = 20

// choose lets the person at the terminal pick the one target that a terminal
// needs, if there are several.
func (o *options) choose(ctx context.Context, found *resolve.Found) (*resolve.Found, error) {
	if !o.interactive() || len(found.Targets) < 2 {
		return found, nil
	}
	in, out, ok := pick.Usable(o.io)
	if !ok {
		return nil, hint.With(cli.Usagef("-t needs a single target, but %d match", len(found.Targets)),
			fmt.Sprintf("name one, such as: kubectl xexec %s", found.Targets[0].Pod))
	}
	row, err := pick.One(ctx, in, out, pick.Targets(found.Targets))
	switch {
	case errors.Is(err, pick.ErrInterrupted):
		return nil, cli.Exit(cli.ExitInterrupted)
	case errors.Is(err, pick.ErrDeclined):
		return nil, cli.Exit(cli.ExitUsage)
	case err != nil:
		return nil, err
	}
	return &resolve.Found{Targets: found.Targets[row : row+1]}, nil
}

// confirm asks before a command goes to many pods or to several clusters. Where
// nobody can be asked, only several clusters need --yes: a script that names one
// selector means what it says, but one that reaches into other clusters should say
// that it does.
func (o *options) confirm(ctx context.Context, targets []resolve.Target) error {
	contexts := counts(targets, func(t resolve.Target) string { return t.Context })
	if o.control.yes || len(targets) <= manyTargets && len(contexts) < 2 {
		return nil
	}
	yes, err := streams.Confirm(ctx, o.io, o.question(targets))
	switch {
	case errors.Is(err, streams.ErrNotTerminal) && len(contexts) < 2:
		return nil
	case errors.Is(err, streams.ErrNotTerminal):
		return hint.With(cli.Usagef("running in %s of %d contexts needs a confirmation, and there is no terminal to ask on", amount(len(targets), "target"), len(contexts)),
			"--yes confirms; --dry-run shows the targets")
	case err != nil:
		return err
	case !yes:
		o.say("nothing was run")
		return cli.Exit(cli.ExitUsage)
	}
	return nil
}

// question shows what is about to happen, and where.
func (o *options) question(targets []resolve.Target) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Run %s in %s?\n", streams.SanitizeLine(o.commandLine()), amount(len(targets), "target"))
	for _, by := range []struct {
		title string
		of    func(resolve.Target) string
	}{
		{"context", func(t resolve.Target) string { return t.Context }},
		{"namespace", func(t resolve.Target) string { return t.Namespace }},
		{"workload", func(t resolve.Target) string { return cmp.Or(t.Workload, "(bare pods)") }},
		{"node", func(t resolve.Target) string { return t.Node }},
	} {
		fmt.Fprintf(&b, "  %-10s %s\n", by.title, tally(counts(targets, by.of)))
	}
	b.WriteString("Go on?")
	return b.String()
}

func counts(targets []resolve.Target, of func(resolve.Target) string) map[string]int {
	n := map[string]int{}
	for _, t := range targets {
		n[of(t)]++
	}
	return n
}

// tally lists the largest counts first: "web 40, db 3 and 2 more".
func tally(n map[string]int) string {
	const most = 5
	names := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], cmp.Compare(a, b)) })
	var parts []string
	for _, name := range names[:min(most, len(names))] {
		parts = append(parts, fmt.Sprintf("%s %d", name, n[name]))
	}
	text := strings.Join(parts, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func amount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
