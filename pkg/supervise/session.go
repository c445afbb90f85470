package supervise

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

const (
	// linger is how long the exec may take to end after the command has; a busy node
	// takes some time. With somebody who waits for the end it is shorter.
	linger      = time.Second
	shortLinger = 300 * time.Millisecond
	// slack is how long the confirmation of an end may take after the grace period.
	slack = time.Second
	// maxPreface is how much is kept of what a shell says before the supervisor runs.
	maxPreface = 2 << 10
)

// cause is why the client ended a command.
type cause int

const (
	byItself cause = iota
	byTimeout
	byStop
	byWriteError
)

// end is the supervisor's proof that the command has ended.
type end struct {
	kind string // "E" by itself, "T" when it was told to, "K" by KILL
	code int
}

// session is one supervised command and what has been learnt so far.
type session struct {
	req     *Request
	steps   *steps
	control *control // nil if the command has input
	grace   time.Duration
	cause   cause // the monitor's, read when it has ended
	hard    bool  // the monitor gave up waiting for a confirmed end
	cut     bool  // the client ended the exec, no connection that broke
	lingers bool  // the exec had to be ended after the command had

	helpers  sync.WaitGroup
	mu       sync.Mutex
	refused  string // the supervisor's word why it did not start the command
	leader   []string
	ends     []*end // of stdout and stderr
	preface  []byte
	writeErr error
	failed   chan struct{} // closed when writing failed
	ended    chan struct{} // closed when both ends are known
}

func newNonce() string {
	var b [16]byte
	//nolint:errcheck // never fails
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// supervised runs the command under the supervisor. It says to fall back if it is
// certain that the container has no usable shell.
func (r *Runner) supervised(ctx context.Context, req Request, start time.Time) (res Result, fallback bool) {
	nonce := newNonce()
	s := &session{
		req: &req, grace: r.grace, ends: make([]*end, 2), steps: newSteps(),
		failed: make(chan struct{}), ended: make(chan struct{}),
	}
	program := req.Command.program(nonce, r.grace, req.Stdin != nil)
	var more []byte
	if req.Command.needs() != "" {
		more = req.Command.more()
	}
	var stdin io.Reader
	if req.Stdin != nil {
		stdin = newInput(s.steps, program, more, req.Stdin)
	} else {
		s.control = newControl(s.steps, program, more)
		stdin = s.control
	}
	out := newFilter(nonce, func(text string) bool { return s.record(0, text) }, s.writer(req.Stdout))
	errOut := newFilter(nonce, func(text string) bool { return s.record(1, text) }, s.prefaced(s.writer(req.Stderr)))

	inner, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var monitor sync.WaitGroup
	monitor.Go(func() { s.watch(r, start, cancel, done) })
	plain := r.exec.Run(inner, podexec.Request{
		Namespace: req.Namespace, Pod: req.Pod, Container: req.Container, Command: req.Command.argv(),
		Stdin: stdin, Stdout: out, Stderr: errOut,
	})
	s.cut = inner.Err() != nil
	close(done)
	monitor.Wait()
	s.helpers.Wait()
	cancel()
	out.flush()
	errOut.flush()
	res, fallback = s.judge(plain)
	res.StartedAt, res.Duration = start, time.Since(start)
	return res, fallback
}

// writer passes output on until that fails.
func (s *session) writer(w io.Writer) func(p []byte) {
	return func(p []byte) {
		if w == nil || s.writeErr != nil { // written by this goroutine only
			return
		}
		n, err := w.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.writeErr = fmt.Errorf("writing the output: %w", err)
			close(s.failed)
		}
	}
}

// prefaced keeps for itself what comes before the command has started.
func (s *session) prefaced(to func(p []byte)) func(p []byte) {
	return func(p []byte) {
		if s.leader != nil {
			to(p)
		} else if len(s.preface) < maxPreface {
			s.preface = append(s.preface, p[:min(len(p), maxPreface)]...)
		}
	}
}

// record takes a word of the supervisor and says whether it is the stream's last.
func (s *session) record(stream int, text string) (last bool) {
	kind, rest, _ := strings.Cut(text, " ")
	if kind == "S" && s.req.Started != nil {
		defer s.req.Started() // after the lock, when stop knows whom to stop
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case "R":
		s.refused = rest
	case "M":
		s.steps.asked.happen()
	case "S":
		s.leader = strings.Fields(rest)
		s.steps.started.happen()
	case "E", "T", "K":
		code, err := strconv.Atoi(rest)
		if err != nil {
			return false
		}
		s.ends[stream] = &end{kind, code}
		if s.ends[1-stream] != nil {
			close(s.ended)
		}
		return true
	}
	return false
}

func (s *session) started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leader != nil
}

// watch ends the command when its time has come, and the exec when it is over.
func (s *session) watch(r *Runner, start time.Time, cancel func(), done <-chan struct{}) {
	// Three timers, the exec's end, and three reasons to end the command.
	var deadline, giveUp, over <-chan time.Time
	if s.req.Timeout > 0 {
		t := time.NewTimer(time.Until(start.Add(s.req.Timeout)))
		defer t.Stop()
		deadline = t.C
	}
	stop, failed, ended := s.req.Stop, (<-chan struct{})(s.failed), (<-chan struct{})(s.ended)
	end := func(why cause) {
		stop, failed, deadline = nil, nil, nil
		s.cause = why
		if !s.started() {
			cancel()
			return
		}
		giveUp = time.After(s.patience())
		s.stop(r.exec, done)
	}
	for {
		select {
		case <-done:
			return
		case <-deadline:
			end(byTimeout)
		case <-stop:
			end(byStop)
		case <-failed:
			end(byWriteError)
		case <-ended:
			wait := linger
			if s.cause != byItself {
				wait = shortLinger
			}
			ended, over = nil, time.After(wait)
		case <-over:
			s.lingers = true
			cancel()
		case <-giveUp:
			s.hard = true
			cancel()
		}
	}
}

var errUnconfirmed = errors.New("the supervisor did not confirm the end of the command")
