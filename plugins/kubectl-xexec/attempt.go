package main

import (
	"context"
	"io"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// attempt is how the engine runs the command in one target.
func (o *options) attempt(in *input, denied map[resolve.Target]error) engine.Run {
	runners := map[*cluster]*supervise.Runner{}
	for _, c := range o.clusters {
		runners[c] = supervise.New(c.exec, supervise.Options{Mode: o.mode, Grace: max(o.flags.command.grace, 1)})
	}
	debug := o.debugger()
	return func(ctx context.Context, stop <-chan struct{}, t resolve.Target, stdout, stderr io.Writer, started func()) engine.Result {
		if err := denied[t]; err != nil {
			return engine.Result{Outcome: podexec.Denied, ExitCode: engine.Unknown, Reason: err.Error(), Err: err}
		}
		container, failed := debug(ctx, t)
		if failed != nil {
			return *failed
		}
		r := runners[o.clusterOf(t)].Run(ctx, supervise.Request{
			Namespace: t.Namespace, Pod: t.Pod, Container: container, Command: o.command,
			Stdin: in.reader(ctx), Stdout: stdout, Stderr: stderr, TTY: in.tty, Resize: in.sizes,
			Timeout: o.flags.command.timeout, Stop: stop, Started: started,
		})
		return engine.Result{
			Outcome: r.Outcome, ExitCode: r.ExitCode, Reason: r.Reason, Err: r.Err,
			Verified: r.Verified, Left: engine.Left(r.Left), StartedAt: r.StartedAt, Duration: r.Duration,
		}
	}
}
