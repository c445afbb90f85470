package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
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
	job := engine.Job{
		Targets: found.Targets, Skipped: found.Skipped,
		Command: o.command, Parallel: o.parallel, Timeout: o.timeout,
		Recheck: func(ctx context.Context, t resolve.Target) error { return resolve.Unchanged(ctx, o.client, t) },
	}
	release, err := o.attach(&job)
	if err != nil {
		return nil, err
	}
	defer release()
	sink, finish := o.sink(found)
	results, err := engine.Run(ctx, o.exec, job, sink)
	release() // what follows is for the user's own terminal
	return results, errors.Join(err, finish())
}
