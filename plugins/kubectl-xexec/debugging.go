package main

import (
	"context"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/debugger"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// debugger returns what leads a target to the container in which its command runs:
// its own, or with --debug-image one that is put beside it. Failed is the target's
// result if that does not work.
func (o *options) debugger() func(context.Context, resolve.Target) (container string, failed *engine.Result) {
	image := o.flags.command.debugImage
	if image == "" {
		return func(_ context.Context, t resolve.Target) (string, *engine.Result) { return t.Container, nil }
	}
	debuggers := map[*cluster]*debugger.Debugger{}
	for _, c := range o.clusters {
		debuggers[c] = debugger.New(c.client, debugger.Options{Image: image, Warn: o.say})
	}
	return func(ctx context.Context, t resolve.Target) (string, *engine.Result) {
		beside, err := debuggers[o.clusterOf(t)].Enter(ctx, t)
		if err == nil {
			return beside.Container, nil
		}
		failed := engine.Result{Outcome: podexec.NotStarted, ExitCode: engine.Unknown, Reason: err.Error(), Err: err}
		if debugger.Denied(err) {
			failed.Outcome = podexec.Denied
		}
		return "", &failed
	}
}
