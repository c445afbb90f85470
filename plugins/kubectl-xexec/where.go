package main

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/fold"
)

// selecting reports whether pods are meant that are not named.
func (t *targetFlags) selecting() bool {
	return t.selector != "" || t.fieldSelector != "" || t.all || len(t.nodes) > 0 || t.podRegexp != ""
}

// parseQuery says which pods are meant, as far as that can be said before a
// cluster is asked.
func (o *options) parseQuery(targets []string) (err error) {
	t, q := &o.flags.targets, &o.query
	selecting := t.selecting()
	switch {
	case o.memory.rerun != "" && (selecting || len(t.contexts) > 0 || len(t.namespaces) > 0):
		return hint.With(cli.Usagef("--rerun takes its targets from the record of a run"), "leave out what selects others")
	case o.memory.rerun != "":
		return nil
	case len(targets) > 0 && selecting:
		return cli.Usagef("give either targets by name or a selector (-l, --field-selector, --node, --pod-regexp, --all), not both")
	case len(targets) > 0 && t.allNamespaces:
		return hint.With(cli.Usagef("a target cannot be named across all namespaces"), "use -n NAMESPACE, or select with -l")
	case len(targets) == 0 && !selecting:
		return hint.With(cli.Usagef("no target given"), "name a POD or TYPE/NAME, or select pods with -l; --all means every pod")
	case t.container != "" && (t.allContainers || t.containerRegexp != ""):
		return cli.Usagef("-c excludes --all-containers and --container-regexp")
	}
	if q.Refs, err = parseRefs(targets); err != nil {
		return err
	}
	if q.Labels, err = labels.Parse(t.selector); err != nil {
		return cli.Usagef("parsing label selector %q: %w", t.selector, err)
	}
	if q.Fields, err = fields.ParseSelector(t.fieldSelector); err != nil {
		return cli.Usagef("parsing field selector %q: %w", t.fieldSelector, err)
	}
	q.Nodes, q.Container, q.AllContainers = t.nodes, t.container, t.allContainers
	for _, re := range []struct {
		flag, text string
		to         **regexp.Regexp
	}{
		{"--pod-regexp", t.podRegexp, &q.Pods}, {"--exclude-pod", t.exceptPod, &q.NotPods},
		{"--container-regexp", t.containerRegexp, &q.Containers}, {"--exclude-container", t.exceptContainer, &q.NotContainers},
	} {
		if re.text == "" {
			continue
		}
		if *re.to, err = regexp.Compile(re.text); err != nil {
			return cli.Usagef("%s %q: %w", re.flag, re.text, err)
		}
	}
	return nil
}

// parseRefs reads the targets that are named. A folded name, as --group shows them,
// stands for many pods; no name of Kubernetes has one of its characters.
func parseRefs(targets []string) (refs []resolve.Ref, err error) {
	for _, arg := range targets {
		names := []string{arg}
		if strings.ContainsAny(arg, "[{,") {
			if names, err = fold.Unfold(arg); err != nil {
				return nil, cli.Usagef("reading targets %q: %w", arg, err)
			}
		}
		for _, name := range names {
			ref, err := resolve.ParseRef(name)
			if err != nil {
				return nil, cli.Usagef("%w", err)
			}
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// find asks every cluster for the targets. A cluster that has nothing is said to be
// one, and no error as long as another has something; of several named things each
// cluster must have all, though, because one that is missing hides the others.
// Anything else that goes wrong in one cluster ends the run, because a part of the
// fleet must not pass for all of it.
func (o *options) find(ctx context.Context) (*resolve.Found, error) {
	type answer struct {
		found *resolve.Found
		err   error
	}
	answers := make([]answer, len(o.clusters))
	for i, a := range fanout.Run(ctx, o.clusters, fanout.Limits[*cluster]{}, func(ctx context.Context, c *cluster) answer {
		found, err := resolve.Pods(ctx, c.client, o.queryFor(c))
		return answer{found, err}
	}) {
		answers[i] = a
	}
	all := &resolve.Found{}
	var nothing []error
	for i, a := range answers {
		switch {
		case errors.Is(a.err, resolve.ErrNothing) && (len(o.query.Refs) < 2 || len(o.clusters) < 2):
			nothing = append(nothing, o.clusters[i].explain(a.err))
		case errors.Is(a.err, resolve.ErrNothing):
			return nil, cli.WithCode(o.clusters[i].explain(a.err), cli.ExitNothing)
		case a.err != nil:
			return nil, o.clusters[i].explain(a.err)
		case a.found == nil:
			return nil, context.Cause(ctx)
		default:
			merge(all, a.found, o.clusters[i].context)
		}
	}
	if len(nothing) == len(answers) {
		return nil, cli.WithCode(nothing[len(nothing)-1], cli.ExitNothing)
	}
	for _, err := range nothing {
		o.warn(err)
	}
	return all, nil
}

// queryFor completes the query with what is the cluster's own.
func (o *options) queryFor(c *cluster) resolve.Query {
	q := o.query
	switch namespaces := o.flags.targets.namespaces; {
	case o.flags.targets.allNamespaces:
	case len(namespaces) > 0:
		q.Namespaces = namespaces
	default:
		q.Namespaces = []string{c.namespace}
	}
	return q
}

// merge adds what was found in one cluster.
func merge(all, found *resolve.Found, context string) {
	for _, t := range found.Targets {
		t.Context = context
		all.Targets = append(all.Targets, t)
	}
	for _, s := range found.Skipped {
		s.Context = context
		all.Skipped = append(all.Skipped, s)
	}
	all.Excluded += found.Excluded
}
