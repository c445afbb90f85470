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

// Result is what is known about one target.
//
// It is as honest as the servers on the way. Up to at least Kubernetes 1.37, an
// API server or kubelet that translates a WebSocket reports success for a command
// whose container runtime was restarted under it. xexec therefore prefers SPDY,
// which nobody translates (podexec.EndToEnd); where only WebSockets get through, an
// ok can be made up. Proof would need a word from the command's own side, so no
// result counts as verified yet.
type Result struct {
	Target    resolve.Target
	Outcome   podexec.Outcome
	ExitCode  int // [Unknown] unless the remote command reported one
	Reason    string
	Err       error // what Reason was made from, nil for ok and failed; it may carry a hint
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
