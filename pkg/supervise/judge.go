package supervise

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// judge makes a result of the server's word and the supervisor's. The latter wins.
func (s *session) judge(server podexec.Result) (res Result, fallback bool) {
	res = Result{Result: server}
	switch {
	case s.refused == "shell":
		return res, true
	case s.refused != "":
		res.refuse(s.req.Command, s.refused)
	case s.ends[0] != nil && s.ends[1] != nil:
		s.proven(&res)
	case server.Outcome == podexec.NotStarted && (server.ExitCode == 126 || server.ExitCode == 127):
		return res, true // that was about sh
	case server.Outcome == podexec.NotStarted || server.Outcome == podexec.Denied:
		if s.cause == byTimeout {
			res.fail(podexec.Timeout, timedOut(s.req.Timeout), server.Err)
		}
	case s.ends[0] != nil || s.ends[1] != nil:
		s.half(&res)
	case s.leader == nil && (server.Outcome == podexec.OK || server.Outcome == podexec.Failed):
		s.noSupervisor(&res)
	default:
		s.unproven(&res)
	}
	return res, false
}

// fail makes it one of the outcomes that have no exit code.
func (r *Result) fail(o podexec.Outcome, reason string, err error) {
	if err == nil {
		err = errors.New(reason)
	}
	r.Outcome, r.Reason, r.Err, r.ExitCode = o, reason, err, -1
}

func timedOut(d time.Duration) string { return fmt.Sprintf("timed out after %s", d) }

// refuse is for a command that the supervisor did not start.
func (r *Result) refuse(c Command, why string) {
	code := -1
	reason := "the command could not be prepared: " + why
	switch why {
	case "127":
		code, reason = 127, fmt.Sprintf("%q was not found in the container", c.name())
	case "126":
		code, reason = 126, fmt.Sprintf("%q cannot be executed: permission denied", c.name())
	case "dir":
		reason = fmt.Sprintf("the working directory %q does not exist or cannot be entered", c.Dir)
	case "user":
		reason = fmt.Sprintf("no program in the container can change to user %q (tried setpriv, runuser, su-exec, gosu and su)", c.User)
	case "root":
		reason = fmt.Sprintf("changing to user %q needs a container that runs as root", c.User)
	case "env":
		reason = "the shell does not let one of the variables be set"
	}
	r.fail(podexec.NotStarted, reason, nil)
	r.ExitCode = code
}

// proven is for a command whose end both streams tell of.
func (s *session) proven(res *Result) {
	e := *s.ends[0]
	if s.ends[1].kind != "K" {
		e = *s.ends[1]
	}
	res.Verified, res.Err = true, nil
	switch {
	case s.leader == nil:
		res.refuse(s.req.Command, "env")
	case s.writeErr != nil:
		res.fail(podexec.Lost, s.writeErr.Error(), s.writeErr)
		res.Verified = false
	case e.kind != "E" && s.cause == byTimeout:
		res.fail(podexec.Timeout, timedOut(s.req.Timeout), context.DeadlineExceeded)
	case e.kind != "E" && s.cause == byStop:
		res.fail(podexec.Lost, interrupted, context.Canceled)
	case e.kind != "E":
		res.fail(podexec.Lost, "the command was ended, because its supervisor lost the connection to the client", nil)
	case e.code == 0:
		res.Outcome, res.ExitCode, res.Reason = podexec.OK, 0, ""
	default:
		res.Outcome, res.ExitCode, res.Reason = podexec.Failed, e.code, fmt.Sprintf("exit code %d", e.code)
	}
	if e.kind != "E" {
		res.Left = LeftEnded
	}
	if s.lingers && e.kind == "E" && s.writeErr == nil {
		res.Reason = strings.TrimPrefix(res.Reason+"; "+Lingering, "; ")
	}
}

// Lingering is the end of the Reason of a command that has ended while its output has
// not.
const Lingering = "something, such as a background process, keeps the output open; what it writes from now on is not shown"

const interrupted = "interrupted"

// half is for a command that ended, but whose output may be incomplete.
func (s *session) half(res *Result) {
	e := s.ends[0]
	if e == nil {
		e = s.ends[1]
	}
	if e.kind != "E" {
		s.unfinished(res, LeftEnded)
		return
	}
	res.fail(podexec.Lost, fmt.Sprintf("the connection broke when the command had ended with exit code %d; its output may be incomplete", e.code), res.Err)
}

// noSupervisor is for a shell that did not do what shells do.
func (s *session) noSupervisor(res *Result) {
	reason := fmt.Sprintf("sh in the container ended with exit code %d instead of running the supervisor", res.ExitCode)
	if said := strings.TrimSpace(string(s.preface)); said != "" {
		reason += ": " + said
	}
	res.fail(podexec.Lost, reason, nil)
}

// unproven is for a command that may have started, and whose end is unconfirmed.
func (s *session) unproven(res *Result) {
	// A connection that broke may have broken before the supervisor's end of it:
	// a restarted containerd leaves the stdin of commands open, for ever.
	left := LeftUnknown
	if s.control != nil && s.cut && !s.hard {
		left = LeftEnding
	}
	switch {
	case s.cause != byItself:
		if res.Outcome == podexec.Failed && res.ExitCode == 137 {
			left = LeftEnded // the whole group was killed, and the supervisor with it
		}
		s.unfinished(res, left)
	case res.Outcome == podexec.OK:
		res.fail(podexec.Lost, "the server reported success, which the command's supervisor did not confirm", errUnconfirmed)
		res.Left = left
	case res.Outcome == podexec.Failed:
		res.Reason = fmt.Sprintf("exit code %d, and the supervisor did not survive either", res.ExitCode)
		res.Left = left
	default:
		res.Left = left
	}
}

// unfinished is for a command that was told to end.
func (s *session) unfinished(res *Result, left Left) {
	switch s.cause {
	case byTimeout:
		res.fail(podexec.Timeout, timedOut(s.req.Timeout), context.DeadlineExceeded)
	case byWriteError:
		res.fail(podexec.Lost, s.writeErr.Error(), s.writeErr)
	default:
		res.fail(podexec.Lost, interrupted, context.Canceled)
	}
	res.Left = left
}
