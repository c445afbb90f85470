// Package engine runs one command in many containers and says, for each of them,
// what is known about how it ended.
//
// It knows neither flags nor terminals: targets arrive resolved, output leaves
// through a [Sink], and the one remote action is behind [Execer].
package engine

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Execer runs one command in one container; *podexec.Client is one.
type Execer interface {
	Run(context.Context, podexec.Request) podexec.Result
}

// Job is everything that is decided before the first connection.
type Job struct {
	Targets  []resolve.Target
	Skipped  []resolve.Skip // reported, never run
	Command  []string
	Stdin    io.Reader           // nil: none; only with a single target
	TTY      bool                // only with a single target
	Resize   <-chan podexec.Size // sizes of the terminal, with TTY
	Parallel int                 // most targets at once; 0: all
	Timeout  time.Duration       // for each target, from its own start; 0: none

	// Recheck is called for a target that waited in the queue. An error keeps the
	// command from starting there: exec goes by name, and a pod that was replaced
	// meanwhile has its predecessor's. Nil: no check.
	Recheck func(context.Context, resolve.Target) error
}

// Sink takes what targets write and how they end. Targets are known by their
// index in Job.Targets; the skipped follow them.
type Sink interface {
	// Open returns the writers for one target's output. It is called from the
	// target's own goroutine, before the command starts.
	Open(index int) (stdout, stderr io.Writer)
	// Landed is called once for each row, from one goroutine, after the last
	// write to its writers. An error ends the run: nobody is listening.
	Landed(index int, r Result) error
}

// Run executes job and returns one result for each target and each skipped pod,
// in that order, whatever happens: a target that ctx kept from starting is in it
// as not started. The error is the sink's.
func Run(ctx context.Context, exec Execer, job Job, sink Sink) ([]Result, error) {
	began := time.Now()
	results := job.rows()
	landed := make([]bool, len(results))
	land := func(i int) error {
		landed[i] = true
		return sink.Landed(i, results[i])
	}
	for i := len(job.Targets); i < len(results); i++ {
		if err := land(i); err != nil {
			return results, err
		}
	}
	indexes := make([]int, len(job.Targets))
	for i := range indexes {
		indexes[i] = i
	}
	for i, r := range fanout.Run(ctx, indexes, fanout.Limits[int]{Total: job.Parallel}, func(ctx context.Context, i int) Result {
		if err := job.recheck(ctx, began, job.Targets[i]); err != nil {
			return Result{Target: job.Targets[i], Outcome: podexec.NotStarted, ExitCode: Unknown, Reason: err.Error(), Err: err}
		}
		stdout, stderr := sink.Open(i)
		return job.one(ctx, exec, job.Targets[i], stdout, stderr)
	}) {
		results[i] = r
		if err := land(i); err != nil {
			return results, err
		}
	}
	for i := range results {
		if landed[i] {
			continue
		}
		if err := land(i); err != nil {
			return results, err
		}
	}
	return results, nil
}

// rows are the results as they are if nothing starts.
func (job Job) rows() []Result {
	rows := make([]Result, 0, len(job.Targets)+len(job.Skipped))
	for _, t := range job.Targets {
		rows = append(rows, Result{Target: t, Outcome: podexec.NotStarted, ExitCode: Unknown, Reason: "interrupted before it started"})
	}
	for _, s := range job.Skipped {
		rows = append(rows, Result{Target: s.Target, Outcome: Skipped, ExitCode: Unknown, Reason: s.Reason, Err: s.Err()})
	}
	return rows
}

// fresh is how long the list of targets is taken for true: the first wave starts
// at once and pays no request for the check.
const fresh = 2 * time.Second

func (job Job) recheck(ctx context.Context, began time.Time, t resolve.Target) error {
	if job.Recheck == nil || time.Since(began) < fresh {
		return nil
	}
	return job.Recheck(ctx, t)
}

func (job Job) one(ctx context.Context, exec Execer, t resolve.Target, stdout, stderr io.Writer) Result {
	if job.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, job.Timeout)
		defer cancel()
	}
	r := exec.Run(ctx, podexec.Request{
		Namespace: t.Namespace, Pod: t.Pod, Container: t.Container,
		Command: job.Command,
		Stdin:   job.Stdin, Stdout: stdout, Stderr: stderr,
		TTY: job.TTY, Resize: job.Resize,
	})
	return Result{
		Target: t, Outcome: r.Outcome, ExitCode: r.ExitCode, Reason: r.Reason, Err: r.Err,
		StartedAt: r.StartedAt, Duration: r.Duration,
	}
}
