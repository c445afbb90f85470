package engine

import (
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// fresh is how long the list of targets is taken for true: the first targets start
// at once and pay no request for the check.
const fresh = 2 * time.Second

// Waits before retries. A server that asks for more than the patience is not asked
// again: its target would keep others from their turn.
const (
	firstWait = 500 * time.Millisecond
	longWait  = 10 * time.Second
	patience  = time.Minute
)

// target runs the command in one target, again if that is safe.
func (r *runner) target(i int) Result {
	r.begun.Add(1)
	var stdout, stderr io.Writer
	var last Result
	for attempt := 1; ; attempt++ {
		if err := r.admit(i, attempt); err != nil && attempt == 1 {
			return r.never(i, err)
		} else if err != nil {
			return notAgain(last, err)
		}
		if attempt == 1 {
			stdout, stderr = r.sink.Open(i)
		}
		r.job.Events.trying(i, attempt)
		res, quiet := r.try(i, stdout, stderr)
		res.Attempts = attempt
		if attempt > 1 { // a row's time is that of all its attempts
			res.Duration += res.StartedAt.Sub(last.StartedAt)
			res.StartedAt = last.StartedAt
		}
		wait, again := r.again(res, quiet)
		if !again {
			return res
		}
		last = res
		r.job.Events.retrying(i, res, wait)
		_ = pause.For(r.launch, wait) // if launching is over, admit finds that, too
	}
}

// try makes one attempt, and says whether it showed no sign of a start.
func (r *runner) try(i int, stdout, stderr io.Writer) (res Result, quiet bool) {
	var sign atomic.Bool
	started := func() {
		if sign.CompareAndSwap(false, true) {
			r.job.Events.started(i)
		}
	}
	began := time.Now()
	res = r.job.Run(r.work, r.stop, r.job.Targets[i], noting(stdout, &sign), noting(stderr, &sign), started)
	res.Target = r.job.Targets[i]
	if res.StartedAt.IsZero() {
		res.StartedAt, res.Duration = began, time.Since(began)
	}
	return res, !sign.Load()
}

// admit says why an attempt must not be made, nil if it may.
func (r *runner) admit(i, attempt int) error {
	if r.job.Recheck != nil && r.launch.Err() == nil && (attempt > 1 || time.Since(r.began) >= fresh) {
		if err := r.job.Recheck(r.launch, r.job.Targets[i]); err != nil && r.launch.Err() == nil {
			return err
		}
	}
	if r.launch.Err() != nil {
		return enough(r.why())
	}
	return nil
}

func notAgain(last Result, err error) Result {
	last.Reason += "; not tried again: " + err.Error()
	last.Err = errors.Join(last.Err, err)
	return last
}

// again says whether another attempt is safe and may help, and when. A result that
// knows an exit code, 126 or 127, is about the command itself.
func (r *runner) again(res Result, quiet bool) (wait time.Duration, ok bool) {
	if !quiet || res.Outcome != podexec.NotStarted || res.ExitCode != Unknown || res.Left != LeftNothing ||
		res.Attempts > r.job.Retries || r.launch.Err() != nil || !podexec.Transient(res.Err) {
		return 0, false
	}
	asked := podexec.RetryAfter(res.Err)
	return max(asked, backoff(res.Attempts)), asked <= patience
}

// backoff is the wait after so many attempts: it doubles, and half of it is left to
// chance, so that targets that failed together do not come back together.
func backoff(attempts int) time.Duration {
	d := min(firstWait<<min(attempts-1, 10), longWait)
	return d/2 + rand.N(d/2+1) // chance enough
}

// noting passes writes on, and notes that there was one: output is a sign that the
// command has started.
func noting(w io.Writer, sign *atomic.Bool) io.Writer {
	if w == nil {
		return nil
	}
	return noter{w, sign}
}

type noter struct {
	w    io.Writer
	sign *atomic.Bool
}

func (n noter) Write(p []byte) (int, error) {
	if len(p) > 0 {
		n.sign.Store(true)
	}
	return n.w.Write(p)
}
