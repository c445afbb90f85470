// Package engine runs one command in many containers and says, for each of them,
// what is known about how it ended.
//
// It decides how many run at once and where, in which waves, when it is enough of
// failures, and what may be tried again; running one command is its caller's
// [Run]. It knows neither flags nor terminals: targets arrive resolved, output
// leaves through a [Sink].
//
//	results, err := engine.RunAll(ctx, engine.Job{
//		Targets: found.Targets, Skipped: found.Skipped, Run: run,
//		Parallel: 32, PerNode: 4, Batches: []engine.Size{{N: 1}, {N: 10, Percent: true}},
//	}, sink)
//
// A run ends early in three ways, after which nothing more starts:
//   - too many failures, see [Job.MaxFailures]: what runs is left to end by itself;
//   - ctx ends: what runs is asked to end, gets [Job.StopGrace] to confirm that, and
//     is then cut off;
//   - the sink fails: the same, as nobody is listening.
package engine

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Run makes one attempt to run the command in one target, and returns when that
// has ended. Once stop is closed it ends the remote command in good order and waits
// for its end; once ctx ends it returns at once. It calls started as soon as it
// knows that the command has started, and leaves the writers alone after it has
// returned.
//
// It is called again for the same target only if the attempt before it proved that
// nothing had started, so it must not have used up an input that cannot be replayed
// either; see [Job.Retries].
type Run func(ctx context.Context, stop <-chan struct{}, t resolve.Target, stdout, stderr io.Writer, started func()) Result

// Job is everything that is decided before the first connection.
type Job struct {
	Targets []resolve.Target
	Skipped []resolve.Skip // reported, never run
	Run     Run

	Parallel       int  // most targets at once; 0: all
	PerNode        int  // most targets on one node at once; 0: no such bound
	OnePerWorkload bool // never two targets of one workload at once, nor two containers of its pods

	// Batches are the sizes of the waves: a wave begins when the one before it
	// has ended. Percentages are of all targets, rounded up. The last size
	// repeats until all targets are through, so that 1, 10% of 50 targets are
	// waves of 1, 5, 5, … Nil is one wave with all of them.
	Batches    []Size
	BatchPause time.Duration // between two waves, before Ready
	// Ready waits until the targets of a wave are fit again, those in which a
	// start was tried. An error keeps all later waves from starting. Nil: no wait.
	Ready func(context.Context, []resolve.Target) error

	// MaxFailures is how many targets may fail; with more nothing new starts, nor
	// is anything tried again, while what runs is left to end by itself. A
	// percentage is of all targets, and compared exactly: 10% of 25 allow 2. Every
	// end but ok counts, whatever its reason. Nil: no bound.
	MaxFailures *Size
	FailFast    bool // as MaxFailures 0: the first failure stops the run

	// Retries is how often a target is tried again at most, where it is certain
	// that nothing has started there and the reason may pass; see
	// [podexec.Transient]. It must be 0 if Run has an input that it cannot replay.
	Retries int
	// Recheck is called before each retry, and before the first attempt in a
	// target that waited in the queue. An error keeps the command from starting
	// there: exec goes by name, and a pod that was replaced meanwhile has its
	// predecessor's. Nil: no check.
	Recheck func(context.Context, resolve.Target) error

	// StopGrace is how long what runs may take to confirm its end once the run
	// was interrupted; 0 means 700 ms.
	StopGrace time.Duration
	Events    Events
}

// Sink takes what targets write and how they end. Targets are known by their
// index in Job.Targets; the skipped follow them.
type Sink interface {
	// Open returns the writers for one target's output. It is called from the
	// target's own goroutine, once, before the command starts.
	Open(index int) (stdout, stderr io.Writer)
	// Landed is called once for each row, from one goroutine, after the last
	// write to its writers. An error ends the run, and no further row is told:
	// nobody is listening.
	Landed(index int, r Result) error
}

// RunAll executes job and returns one result for each target and each skipped pod,
// in that order, whatever happens: a target in which nothing was tried is in it as
// not started, with the reason. The error is the sink's.
func RunAll(ctx context.Context, job Job, sink Sink) ([]Result, error) {
	r := newRunner(ctx, job, sink)
	defer r.release()
	for i := len(job.Targets); i < len(r.results); i++ {
		r.land(i)
	}
	waves := split(len(job.Targets), job.Batches)
	for n, w := range waves {
		if n > 0 {
			r.between(n, len(waves), waves[n-1])
		}
		if r.launch.Err() != nil {
			break
		}
		job.Events.wave(n+1, len(waves), w.to-w.from)
		r.wave(w)
	}
	r.rest()
	return r.results, r.deaf
}
