// Package supervise runs one command in a container under a small supervisor, a
// POSIX shell script that travels on stdin, and thereby knows more than the API
// server can tell:
//
//   - That the command has ended, and how. The supervisor ends both output streams
//     with a word that only this run knows. Such a result is Verified: its exit code
//     is the command's, and its output is complete, to the byte.
//   - That nothing is left behind. The command's session gets TERM and, after a grace
//     period, KILL: when its time is over, when it is stopped, and when the client is
//     gone, however that came. Only what leaves the session (setsid) gets away, and
//     all of it where the container runtime restarts and tells nobody.
//   - That environment, working directory, scripts and users never appear in a URL,
//     which audit logs keep, nor (users apart) in an argument. The command itself
//     does, so that audit logs show what was run.
//
// It needs sh in the container, and /proc. Where these are missing the command runs
// plainly, as [podexec] runs it, unless something was asked for that needs them.
// Terminals are never supervised.
//
// Input (Request.Stdin) takes the place of the channel that tells the supervisor that
// the client is gone. A command with input is ended by a second exec when it is
// stopped or its time is over, and not at all when the client disappears.
//
//	r := supervise.New(client, supervise.Options{})
//	res := r.Run(ctx, supervise.Request{
//		Namespace: "default", Pod: "web-0", Container: "app",
//		Command: supervise.Command{Argv: []string{"date"}},
//		Stdout:  os.Stdout, Stderr: os.Stderr, Timeout: time.Minute,
//	})
package supervise

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// Execer runs a command without supervision; [podexec.Client] does.
type Execer interface {
	Run(ctx context.Context, req podexec.Request) podexec.Result
}

// Mode says when to supervise.
type Mode int

// The modes. Terminals are not supervised in any of them.
const (
	// Auto supervises where the container has a usable shell.
	Auto Mode = iota
	// Always does not start the command where it cannot be supervised.
	Always
	// Never runs commands plainly.
	Never
)

// Options change how a [Runner] works.
type Options struct {
	Mode Mode
	// Grace is the time from TERM to KILL, 5 s by default; it counts in full
	// tenths of a second, and is no less than one.
	Grace time.Duration
}

// Request says what to run, where, and what to do with its streams. The streams are
// those of [podexec.Request].
type Request struct {
	Namespace, Pod, Container string
	Command                   Command

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	TTY            bool
	Resize         <-chan podexec.Size

	// Timeout ends the command this long after Run was called; 0 is never.
	Timeout time.Duration
	// Stop, once closed, ends the command as Timeout does: TERM, a grace period,
	// KILL. Run returns when the end is confirmed, or 1 s after the grace period.
	// The context's end, in contrast, lets Run return at once.
	Stop <-chan struct{}
	// Started, if not nil, is called once when the command is known to have started,
	// never concurrently with a Write to Stdout or Stderr.
	Started func()
}

// Left says what is known about the processes of a command that did not end by itself.
type Left string

// What may be left of a command in its container.
const (
	LeftNothing Left = ""        // it ended by itself, or never started
	LeftEnded   Left = "ended"   // it was told to stop, and its supervisor confirmed the end
	LeftEnding  Left = "ending"  // its supervisor ends it within the grace period
	LeftUnknown Left = "unknown" // nothing supervises it, or its supervisor may not know: it may run on
)

// Result is what became of a request. Verified results were confirmed by the
// supervisor; others are the server's word.
type Result struct {
	podexec.Result
	Verified bool
	Left     Left
}

// Runner runs commands. It is safe for concurrent use.
type Runner struct {
	exec  Execer
	mode  Mode
	grace time.Duration
}

// New prepares a Runner on top of exec.
func New(exec Execer, o Options) *Runner {
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	return &Runner{exec: exec, mode: o.Mode, grace: max(o.Grace.Round(tick), tick)}
}

// tick is the unit in which the supervisor measures time.
const tick = 100 * time.Millisecond

// Run runs one command and reports how it ended.
func (r *Runner) Run(ctx context.Context, req Request) Result {
	if err := req.Command.Check(); err != nil {
		return notStarted(time.Now(), err)
	}
	start := time.Now()
	needs := req.Command.needs()
	if req.TTY || r.mode == Never {
		if needs != "" {
			return notStarted(start, errUnsupervised(needs))
		}
		return r.plain(ctx, req, start, 0)
	}
	res, fallback := r.supervised(ctx, req, start)
	switch {
	case !fallback:
		return res
	case r.mode == Always:
		return notStarted(start, errNoShell("supervision")).after(res)
	case needs != "":
		return notStarted(start, errNoShell(needs)).after(res)
	}
	return r.plain(ctx, req, start, res.Requests)
}
