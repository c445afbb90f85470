package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// defaultGrace leaves room in the second that a user waits after Ctrl-C.
const defaultGrace = 700 * time.Millisecond

// runner is one job in progress. Its results belong to the goroutine of RunAll.
type runner struct {
	job   Job
	sink  Sink
	began time.Time

	launch context.Context // ends when nothing more may start; its cause says why
	halt   context.CancelCauseFunc
	work   context.Context // ends when what runs is cut off
	cut    context.CancelCauseFunc
	told   sync.Once
	soft   sync.Once
	stop   chan struct{} // closed when what runs shall end in good order
	timer  *time.Timer   // of the grace, nil before
	unhook func()
	begun  atomic.Int64 // targets whose turn came

	results  []Result
	ran      []bool // by target: its turn came
	failures int
	deaf     error // the sink's
}

func newRunner(ctx context.Context, job Job, sink Sink) *runner {
	r := &runner{job: job, sink: sink, began: time.Now(), stop: make(chan struct{}), results: job.rows()}
	r.ran = make([]bool, len(job.Targets))
	r.launch, r.halt = context.WithCancelCause(ctx)
	r.work, r.cut = context.WithCancelCause(context.WithoutCancel(ctx))
	hooked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hooked)
		r.end(context.Cause(ctx))
	})
	r.unhook = func() {
		if !stop() {
			<-hooked
		}
	}
	return r
}

func (r *runner) release() {
	r.unhook()
	if r.timer != nil {
		r.timer.Stop()
	}
	r.halt(nil)
	r.cut(nil)
}

// finish lets nothing more start.
func (r *runner) finish(cause error) {
	r.halt(cause)
	r.told.Do(func() {
		if int(r.begun.Load()) < len(r.job.Targets) {
			r.job.Events.stopped(r.why())
		}
	})
}

// end asks what runs to end, and cuts it off when the grace is over.
func (r *runner) end(cause error) {
	r.finish(cause)
	r.soft.Do(func() {
		close(r.stop)
		grace := r.job.StopGrace
		if grace <= 0 {
			grace = defaultGrace
		}
		r.timer = time.AfterFunc(grace, func() { r.cut(cause) })
	})
}

// enough is why a run stopped although nobody interrupted it.
type enough string

func (e enough) Error() string { return string(e) }

// why nothing more starts, in words for a row that never did.
func (r *runner) why() string {
	var e enough
	if errors.As(context.Cause(r.launch), &e) {
		return e.Error()
	}
	return "interrupted before it started"
}

// rows has room for the targets' results, followed by those of the skipped.
func (job Job) rows() []Result {
	rows := make([]Result, 0, len(job.Targets)+len(job.Skipped))
	rows = rows[:len(job.Targets)]
	for _, s := range job.Skipped {
		rows = append(rows, Result{Target: s.Target, Outcome: Skipped, ExitCode: Unknown, Reason: s.Reason, Err: s.Err()})
	}
	return rows
}

// wave runs the targets of one wave.
func (r *runner) wave(w wave) {
	indexes := make([]int, 0, w.to-w.from)
	for i := w.from; i < w.to; i++ {
		indexes = append(indexes, i)
	}
	for at, res := range fanout.Run(r.launch, indexes, r.job.limits(), func(_ context.Context, i int) Result { return r.target(i) }) {
		i := indexes[at]
		r.results[i], r.ran[i] = res, true
		r.count(res)
		r.land(i)
	}
}

// limits are those of a wave, by index. Contexts are kept apart: clusters may have
// nodes and namespaces of the same name.
func (job Job) limits() fanout.Limits[int] {
	limits := fanout.Limits[int]{Total: job.Parallel, Caps: []fanout.Cap[int]{{Most: job.PerNode, Group: func(i int) string {
		t := job.Targets[i]
		if t.Node == "" {
			return ""
		}
		return t.Context + "\x00" + t.Node
	}}}}
	if job.OnePerWorkload {
		limits.Caps = append(limits.Caps, fanout.Cap[int]{Most: 1, Group: func(i int) string {
			t := job.Targets[i]
			if t.Workload == "" {
				return ""
			}
			return t.Context + "\x00" + t.Namespace + "\x00" + t.Workload
		}})
	}
	return limits
}

// count stops the run once more targets have failed than may. What was interrupted
// has not failed.
func (r *runner) count(res Result) {
	if res.Outcome == podexec.OK || r.launch.Err() != nil {
		return
	}
	r.failures++
	allowed := r.job.MaxFailures
	if r.job.FailFast {
		allowed = &Size{}
	}
	if allowed == nil || !allowed.exceeded(r.failures, len(r.job.Targets)) {
		return
	}
	r.finish(enough(fmt.Sprintf("stopped after %d failure%s", r.failures, plural(r.failures))))
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// between waits for the turn of wave n, counted from 0.
func (r *runner) between(n, of int, before wave) {
	if r.launch.Err() != nil {
		return
	}
	r.job.Events.between(n+1, of)
	if pause.For(r.launch, r.job.BatchPause) != nil || r.job.Ready == nil {
		return
	}
	var touched []resolve.Target
	for i := before.from; i < before.to; i++ {
		if r.results[i].Attempts > 0 {
			touched = append(touched, r.job.Targets[i])
		}
	}
	if len(touched) == 0 {
		return
	}
	if err := r.job.Ready(r.launch, touched); err != nil && r.launch.Err() == nil {
		r.finish(enough(fmt.Sprintf("stopped after batch %d: %v", n, err)))
	}
}

// land tells the sink of a row. A sink that fails is told nothing more.
func (r *runner) land(i int) {
	if r.deaf != nil {
		return
	}
	if r.deaf = r.sink.Landed(i, r.results[i]); r.deaf != nil {
		r.end(enough("stopped because the output could not be written"))
	}
}

// rest lands what never had its turn.
func (r *runner) rest() {
	for i := range r.job.Targets {
		if !r.ran[i] {
			r.results[i] = r.never(i, enough(r.why()))
			r.land(i)
		}
	}
}

// never is the result of a target in which nothing was tried.
func (r *runner) never(i int, why error) Result {
	return Result{Target: r.job.Targets[i], Outcome: podexec.NotStarted, ExitCode: Unknown, Reason: why.Error(), Err: why}
}
