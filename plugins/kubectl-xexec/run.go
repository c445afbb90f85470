package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// run resolves, executes and reports. What it returns is about the run as a
// whole; what became of each target is already said.
func (o *options) run(ctx context.Context) error {
	found, err := resolve.Pods(ctx, o.client, o.query)
	if errors.Is(err, resolve.ErrNothing) {
		return cli.WithCode(err, cli.ExitNothing)
	}
	if err != nil {
		return err
	}
	if err := o.fits(found.Targets); err != nil {
		return err
	}
	o.announce(found)

	start := time.Now()
	results, err := o.execute(ctx, found)
	if err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return o.conclude(results, time.Since(start), ctx.Err() != nil)
}

// fits refuses what needs a single target if there are more.
func (o *options) fits(targets []resolve.Target) error {
	flag := ""
	switch {
	case len(targets) < 2:
		return nil
	case o.tty:
		flag = "-t"
	case o.stdin:
		flag = "-i"
	default:
		return nil
	}
	return hint.With(cli.Usagef("%s needs a single target, but %d pods match", flag, len(targets)),
		fmt.Sprintf("name one, such as: kubectl xexec %s", targets[0].Pod))
}

func (o *options) execute(ctx context.Context, found *resolve.Found) ([]engine.Result, error) {
	request := podexec.Request{Command: o.command}
	release, err := o.attach(&request)
	if err != nil {
		return nil, err
	}
	defer release()
	job := engine.Job{
		Targets: found.Targets, Skipped: found.Skipped, Parallel: o.parallel, Run: o.attempt(request),
		Recheck: func(ctx context.Context, t resolve.Target) error { return resolve.Unchanged(ctx, o.client, t) },
	}
	store := spool.NewStore(0, "")
	defer store.Close()
	out := o.sink(found, store)
	running, cancel := untilBroken(ctx, out)
	defer cancel()
	results, err := engine.RunAll(running, job, out)
	release() // what follows is for the user's own terminal
	if closeErr := out.Close(ctx); err == nil {
		err = closeErr
	}
	return results, err
}

// untilBroken ends when ctx does, or when nobody reads the output any more.
func untilBroken(ctx context.Context, out sink.Sink) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-out.Broken():
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, cancel
}

// attempt runs the command without supervision: stop ends the connection, and
// leaves the command in its container to itself.
func (o *options) attempt(request podexec.Request) engine.Run {
	return func(ctx context.Context, stop <-chan struct{}, t resolve.Target, stdout, stderr io.Writer, _ func()) engine.Result {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		if o.timeout > 0 {
			ctx, cancel = context.WithTimeout(ctx, o.timeout)
			defer cancel()
		}
		go func() {
			select {
			case <-stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		req := request
		req.Namespace, req.Pod, req.Container, req.Stdout, req.Stderr = t.Namespace, t.Pod, t.Container, stdout, stderr
		r := o.exec.Run(ctx, req)
		return engine.Result{Outcome: r.Outcome, ExitCode: r.ExitCode, Reason: r.Reason, Err: r.Err, StartedAt: r.StartedAt, Duration: r.Duration}
	}
}

// execer runs one command in one container; *podexec.Client is one.
type execer interface {
	Run(context.Context, podexec.Request) podexec.Result
}
