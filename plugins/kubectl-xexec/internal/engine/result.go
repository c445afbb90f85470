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
// It is as honest as the API server: with some runtimes a container runtime that
// is restarted during the command makes the kubelet report success for a command
// that was cut off. Only a proof written by the command's own side can tell, so
// no result counts as verified yet.
type Result struct {
	Target    resolve.Target
	Outcome   podexec.Outcome
	ExitCode  int // [Unknown] unless the remote command reported one
	Reason    string
	Err       error // what Reason was made from, nil for ok, failed and skipped
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
