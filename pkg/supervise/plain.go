package supervise

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// plain runs the command without a supervisor. requests were made before.
func (r *Runner) plain(ctx context.Context, req Request, start time.Time, requests int) Result {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if req.Timeout > 0 {
		var release func()
		inner, release = context.WithDeadline(inner, start.Add(req.Timeout))
		defer release()
	}
	done := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-req.Stop:
			cancel(nil)
		case <-done:
		}
	})
	p := &plainOutput{started: req.Started, cancel: cancel}
	res := Result{Result: r.exec.Run(inner, podexec.Request{
		Namespace: req.Namespace, Pod: req.Pod, Container: req.Container, Command: req.Command.Argv,
		Stdin: req.Stdin, Stdout: p.writer(req.Stdout), Stderr: p.writer(req.Stderr), TTY: req.TTY, Resize: req.Resize,
	})}
	close(done)
	waiting.Wait()
	res.Requests += requests
	res.StartedAt, res.Duration = start, time.Since(start)
	switch res.Outcome {
	case podexec.OK, podexec.Failed:
		p.start()
	case podexec.Timeout, podexec.Lost:
		res.Left = LeftUnknown
	}
	if p.err != nil {
		res.fail(podexec.Lost, p.err.Error(), p.err)
	}
	return res
}

// plainOutput tells that the command has started by its output, and ends the exec
// when that cannot be written.
type plainOutput struct {
	once    sync.Once
	started func()
	cancel  context.CancelCauseFunc
	err     error
}

func (p *plainOutput) start() {
	p.once.Do(func() {
		if p.started != nil {
			p.started()
		}
	})
}

func (p *plainOutput) writer(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	return writerFunc(func(b []byte) (int, error) {
		p.start()
		n, err := w.Write(b)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil && p.err == nil {
			p.err = fmt.Errorf("writing the output: %w", err)
			p.cancel(p.err)
		}
		return n, err //nolint:wrapcheck // wrapped above, for those who read it
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
