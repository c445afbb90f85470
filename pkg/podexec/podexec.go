// Package podexec runs a command in a container of a pod and tells the truth
// about how it ended.
//
// One call runs one command: [Client.Run] returns when the command has ended,
// when the context has, or when it is certain that nothing more will come. Its
// [Result] says "ok" or "failed" only if the server itself reported an exit
// code. A connection that breaks, or that ends politely without a report, is
// "lost", whatever output it brought before; a command that provably never ran
// is "not-started", and only then is it safe to try again.
//
// A slow consumer is not an error: while a Write of yours blocks, the remote
// command is held up and the connection is kept alive, for as long as it takes.
//
// The package refuses to guess, to retry, to buffer output, to log, and to run
// more than one command per call. It cannot end the remote command: when a
// connection ends early, the command may live on, which is how Kubernetes
// works. And a "Success" that a server makes up cannot be told from a real one
// here; only a trailer in the output itself could prove more. Servers up to at
// least 1.37 make one up when they translate a WebSocket and their connection to
// the kubelet or to the container runtime breaks; [EndToEnd] keeps out of that.
//
//	client, err := podexec.New(cfg)
//	res := client.Run(ctx, podexec.Request{
//		Namespace: "default", Pod: "web-0", Container: "app",
//		Command: []string{"date"}, Stdout: os.Stdout, Stderr: os.Stderr,
//	})
//	if res.Outcome != podexec.OK { … res.Outcome, res.ExitCode, res.Reason … }
package podexec

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strconv"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// Outcome is how a command ended, as far as can be known.
type Outcome string

// The outcomes. Every result has exactly one of them.
const (
	// OK: the server reported that the command ended with code 0.
	OK Outcome = "ok"
	// Failed: the server reported another exit code.
	Failed Outcome = "failed"
	// Timeout: the context's deadline passed before the command's end was
	// reported. The command may still run.
	Timeout Outcome = "timeout"
	// Lost: the command may have run, wholly or in part; how it ended is
	// unknown, or its output could not be written.
	Lost Outcome = "lost"
	// NotStarted: the command did not run.
	NotStarted Outcome = "not-started"
	// Denied: the server did not let this user do it. The command did not run.
	Denied Outcome = "denied"
)

// Size is the size of a terminal in characters.
type Size struct{ Width, Height uint16 }

// Request says what to run, where, and what to do with its streams.
type Request struct {
	Namespace, Pod string
	// Container may be empty if the pod has only one.
	Container string
	Command   []string

	// Stdin is the command's input; nil is no input at all. Run stops reading
	// when the command ends. To get out of a Read that blocks then, it sets a
	// read deadline (and takes it back) if Stdin has SetReadDeadline, or else
	// closes Stdin if it is an io.Closer other than an *os.File. Of any other
	// reader, one last Read stays behind, and what it gets is dropped.
	Stdin io.Reader
	// Stdout and Stderr get the output; nil drops it. They are never written
	// to concurrently, even if both are the same, and never after Run returns.
	// With a TTY all output goes to Stdout.
	Stdout, Stderr io.Writer

	// TTY runs the command in a terminal.
	TTY bool
	// Resize carries the terminal's size, first and whenever it changes.
	Resize <-chan Size
}

// Result is what became of a request.
type Result struct {
	Outcome Outcome
	// ExitCode is what the server reported, in full: Windows codes such as
	// 3221225786 and negative ones included. It is 126 or 127 if the command
	// was not started because it cannot be executed or does not exist, as
	// shells have it, and -1 if it is unknown.
	ExitCode int
	// Reason is a short text for people; empty if the outcome is OK.
	Reason string
	// Err is the error behind an outcome other than OK and Failed. It carries
	// a hint (see pkg/hint) where the user can do something about it.
	Err error

	StartedAt time.Time
	Duration  time.Duration
	// Transport is "websocket", "spdy", or "" if no connection came about.
	Transport string
	// Requests is the number of exec requests sent to the API server.
	Requests int
}

// offSwitch is kubectl's variable for doing without WebSockets.
const offSwitch = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS"

// timing is how the health of a connection is watched.
type timing struct {
	ping     time.Duration // between pings
	patience time.Duration // without a byte, before the peer is given up
	grace    time.Duration // for an orderly end once the exit code is known
}

// Client runs commands through one API server. It is safe for concurrent use,
// and holds no resources between runs.
type Client struct {
	dialer *upgrade.Dialer
	timing timing
	either func(off string, webSocket, spdy func() error) error
	off    string // the variable that can switch WebSockets off
}

// Option changes how a [Client] works.
type Option func(*Client)

// EndToEnd tries SPDY before WebSockets, and not the other way round.
//
// A WebSocket ends in the API server (up to 1.35) or in the kubelet (from 1.36),
// which talks SPDY to the next server and reports a success when that connection
// breaks. A restart is not needed for that: a consumer that stalls near the end of
// a long output is enough, because the translating server pings a runtime that has
// already said all and closed (see health.silent for why that hurts). SPDY passes all of them unchanged up to the container runtime, so that
// a kubelet or a runtime that restarts leaves the command lost, which it is. It
// needs the verb create alone, too. Where SPDY does not get through, WebSockets
// are used after one refused request; KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true
// brings them back to the first place.
func EndToEnd() Option { return func(c *Client) { c.either = c.dialer.EitherEndToEnd } }

// New prepares a Client for cfg. It opens no connection.
func New(cfg *rest.Config, options ...Option) (*Client, error) {
	d, err := upgrade.New(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{
		dialer: d, either: d.Either, off: offSwitch,
		timing: timing{ping: 5 * time.Second, patience: 61 * time.Second, grace: 2 * time.Second},
	}
	for _, option := range options {
		option(c)
	}
	return c, nil
}

// Run runs one command and reports how it ended. It returns soon after ctx
// ends, unless a Write of the request's own writers blocks: Run waits for it.
func (c *Client) Run(ctx context.Context, req Request) (res Result) {
	res = Result{ExitCode: unknownCode, StartedAt: time.Now()}
	defer func() { res.Duration = time.Since(res.StartedAt) }()
	if err := req.check(); err != nil {
		res.fail(NotStarted, err.Error(), err)
		return res
	}
	var l link
	u := c.dialer.URL(req.Namespace, req.Pod, "exec", req.query())
	err := c.either(c.off, func() (err error) {
		res.Requests++
		l, err = dialWebSocket(ctx, c.dialer, u)
		return err
	}, func() (err error) {
		res.Requests++
		l, err = dialSPDY(ctx, c.dialer, u)
		return err
	})
	if err != nil {
		res.refused(ctx, &req, err)
		return res
	}
	s := newSession(&req, c.timing)
	res.Transport = l.name()
	l.run(ctx, s)
	res.judge(ctx, &req, s)
	return res
}

func (r *Request) check() error {
	switch {
	case r.Pod == "" || r.Namespace == "":
		return errors.New("running a command: no pod is named")
	case len(r.Command) == 0:
		return errors.New("running a command: the command is empty")
	}
	return nil
}

func (r *Request) wants() (stdin, stdout, stderr bool) {
	stdin, stdout, stderr = r.Stdin != nil, r.Stdout != nil, r.Stderr != nil && !r.TTY
	// The server insists on a stream.
	return stdin, stdout || !stdin && !stderr, stderr
}

func (r *Request) query() url.Values {
	stdin, stdout, stderr := r.wants()
	q := url.Values{"command": r.Command}
	if r.Container != "" {
		q.Set("container", r.Container)
	}
	for name, on := range map[string]bool{"stdin": stdin, "stdout": stdout, "stderr": stderr, "tty": r.TTY} {
		q.Set(name, strconv.FormatBool(on))
	}
	return q
}

// link is one upgraded connection. Its run moves the streams of a session until
// the end of the connection, and leaves no goroutine behind.
type link interface {
	name() string
	run(ctx context.Context, s *session)
}
