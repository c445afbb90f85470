package main

import (
	"context"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/access"
)

// checkAccess asks each cluster before anything runs where the user may run
// commands, so that a missing right is one message and not one for each pod. A
// single target is left to the exec itself, which costs the same one request. With
// no target left it is an error.
func (o *options) checkAccess(ctx context.Context, targets []resolve.Target) (map[resolve.Target]error, error) {
	if len(targets) < 2 {
		return nil, nil
	}
	denied := map[resolve.Target]error{}
	for _, c := range o.clusters {
		var mine []resolve.Target
		for _, t := range targets {
			if o.clusterOf(t) == c {
				mine = append(mine, t)
			}
		}
		refused, err := access.Check(ctx, c.client, mine, "create")
		if err != nil {
			return nil, err
		}
		for _, d := range refused {
			denied[d.Target] = fmt.Errorf("no permission to %s pods/exec", d.Verb)
		}
		if summary := access.Summary(refused, len(mine), c.flags.Args()...); summary != nil {
			if len(denied) == len(targets) && o.output.format == "" { // a report has a row for each
				return nil, cli.WithCode(summary, cli.ExitPartial)
			}
			o.warn(summary)
		}
	}
	return denied, nil
}
