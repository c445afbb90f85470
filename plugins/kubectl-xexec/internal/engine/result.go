package engine

import (
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Skipped is the outcome of a pod that was meant but in which nothing was tried.
const Skipped podexec.Outcome = "skipped"

// Unknown is the exit code of a command whose exit code nobody knows. It is never
// printed as a number.
const Unknown = -1

// Left says what is known about the processes of a command that was stopped or
// lost before its end.
type Left string

// What may be left of a command in its container.
const (
	LeftNothing Left = ""        // it ended by itself, or never started
	LeftEnded   Left = "ended"   // it was told to stop, and its supervisor confirmed its end
	LeftEnding  Left = "ending"  // its supervisor ends it within the grace period
	LeftUnknown Left = "unknown" // nothing supervises it, or its supervisor may not know: it may run on
)

// Result is what is known about one target.
//
// A result is verified if the command's own side proved its end with a word that
// only this run knows. One that is not verified is the API server's word: up to at
// least Kubernetes 1.37, an API server or kubelet that translates a WebSocket
// reports success for a command whose container runtime was restarted under it.
type Result struct {
	Target    resolve.Target
	Outcome   podexec.Outcome
	ExitCode  int // [Unknown] unless the remote command reported one
	Reason    string
	Err       error // what Reason was made from, nil for ok and failed; it may carry a hint
	Verified  bool
	Left      Left
	Attempts  int // how often it was tried; more than 1 only if nothing had started before
	StartedAt time.Time
	Duration  time.Duration
}

// Ran reports whether an attempt was made, so that StartedAt and Duration mean
// something.
func (r Result) Ran() bool { return !r.StartedAt.IsZero() }

// Why is the result's reason in words, also where the outcome says it all.
func (r Result) Why() string {
	switch {
	case r.Outcome == podexec.Failed && r.ExitCode != Unknown:
		return fmt.Sprintf("exit code %d", r.ExitCode)
	case r.Reason == "" && r.Outcome != podexec.OK:
		return string(r.Outcome)
	}
	return r.Reason
}
