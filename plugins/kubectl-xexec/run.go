package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/compare"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// run finds the targets, asks where it should, executes and reports. What it
// returns is about the run as a whole; what became of each target is already said.
func (o *options) run(ctx context.Context) error {
	found, err := o.targetsOf(ctx)
	if err != nil {
		return err
	}
	if o.targets.dryRun == client {
		o.reported = true
		return o.printTargets(ctx, found)
	}
	if found, err = o.choose(ctx, found); err != nil {
		return err
	}
	denied, err := o.checkAccess(ctx, found.Targets)
	if err != nil {
		return err
	}
	if err := o.confirm(ctx, found.Targets); err != nil {
		return err
	}
	o.announce(found)
	return o.execute(ctx, found, denied)
}

// targetsOf are those of the query or of an earlier run, or a sample of them.
func (o *options) targetsOf(ctx context.Context) (*resolve.Found, error) {
	find := o.find
	if o.memory.rerun != "" {
		find = o.recall
	}
	found, err := find(ctx)
	if err != nil {
		return nil, err
	}
	if n := o.targets.pick; n > 0 {
		found = resolve.Sample(found, n, nil)
	}
	return found, nil
}

func (o *options) execute(ctx context.Context, found *resolve.Found, denied map[resolve.Target]error) error {
	start := time.Now()
	store := spool.NewStore(0, "")
	defer store.Close()
	in, err := o.attach(len(found.Targets), store)
	if err != nil {
		return err
	}
	defer in.release()
	var before *journal.Run
	if name := o.memory.diffWith; name != "" { // before this run becomes the last
		if before, err = o.load(name); err != nil {
			return err
		}
	}
	p := &places{
		o: o, found: found, names: rowNames(found), store: store, before: before,
		prints: compare.NewPrints(found.Targets, o.masks), taken: &progress{},
	}
	p.status = p.follow()
	out, err := p.sink()
	if err != nil {
		return err
	}
	p.rec = o.record(found) // from here on there is a run
	o.reported = true       // closing the sinks does it
	defer ignorePipes()()
	running, cancel := untilBroken(ctx, out)
	defer cancel()

	job := o.job(found, in, denied)
	job.Events = p.events()
	results, err := engine.RunAll(running, job, out)
	in.release() // what follows is for the user's own terminal
	last, done := p.lastWords(ctx)
	defer done()
	if closed := out.Close(last); err == nil {
		err = closed // often the same error: one of them is said
	}
	code := exitCode(results, o.policy, ctx.Err() != nil)
	for i, r := range results { // what the sinks were not told because one of them broke
		p.rec.landed(i, r, "", nil)
	}
	p.rec.end(code, time.Since(start), ctx.Err() != nil)
	if err != nil {
		return o.unheard(results, err)
	}
	return o.conclude(results, code, time.Since(start), ctx.Err() != nil)
}

// unheard ends a run whose output could not be written. A reader that has gone, such
// as head, wanted no more: that is no error to talk about.
func (o *options) unheard(results []engine.Result, err error) error {
	if text := o.remains(results); text != "" {
		o.say(text)
	}
	if errors.Is(err, syscall.EPIPE) {
		return cli.Exit(exitPipe)
	}
	return fmt.Errorf("writing output: %w", err)
}

// exitPipe is what a shell reports of a program that writes to a closed pipe.
const exitPipe = 128 + 13

// ignorePipes makes a closed stdout an error of the write instead of the end of this
// process, so that the commands can be ended and the run remembered.
func ignorePipes() (undo func()) {
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

// job is everything that the engine must know.
func (o *options) job(found *resolve.Found, in *input, denied map[resolve.Target]error) engine.Job {
	c := o.control
	job := engine.Job{
		Targets: found.Targets, Skipped: found.Skipped, Run: o.attempt(in, denied),
		Parallel: c.parallel, PerNode: c.perNode, OnePerWorkload: c.onePerWorkload,
		Batches: o.batches, BatchPause: c.batchPause, MaxFailures: o.failures, FailFast: c.failFast,
		Retries: c.retries, Recheck: o.recheck,
	}
	if !in.replayable {
		job.Retries = 0
	}
	if c.ready > 0 {
		job.Ready = o.waitReady
	}
	return job
}

// cluster is the one that a target was found in.
func (o *options) clusterOf(t resolve.Target) *cluster {
	for _, c := range o.clusters {
		if c.context == t.Context {
			return c
		}
	}
	return o.clusters[0]
}

func (o *options) recheck(ctx context.Context, t resolve.Target) error {
	return resolve.Unchanged(ctx, o.clusterOf(t).client, t)
}

// waitReady waits for the pods of a wave, cluster by cluster, within one time.
func (o *options) waitReady(ctx context.Context, targets []resolve.Target) error {
	ctx, cancel := context.WithTimeout(ctx, o.control.ready)
	defer cancel()
	for _, c := range o.clusters {
		var mine []resolve.Target
		for _, t := range targets {
			if o.clusterOf(t) == c {
				mine = append(mine, t)
			}
		}
		if len(mine) == 0 {
			continue
		}
		if err := resolve.Ready(ctx, c.client, mine, o.control.ready); err != nil {
			return err
		}
	}
	return nil
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
