// Package journal remembers runs: which targets they had, in which of them a start
// was tried, and how each ended.
//
// A run is one file of JSON lines in a folder of its own: a header, a line for each
// target, a line before each first attempt, a line for each result, and an end. Each
// line is with the operating system before the call that writes it returns, so that
// a run which is killed leaves behind what it knew: a target that was started and
// never landed is lost, one that was never started is not-started. Only the end is
// forced to the disk; see [Run] for what a crash of the machine means.
//
//	store, err := journal.Open(dir)
//	w, err := store.Begin(journal.Header{Version: version, Args: journal.Redact(os.Args[1:]), Targets: targets})
//	if err != nil { … warn once; w works all the same, and remembers nothing … }
//	w.Started(i); w.Landed(i, journal.RowOf(result)); err = w.End(journal.End{ExitCode: code})
//
//	run, err := store.Load("last")
//	again := run.Select("failed")
//
// It never fails a run: a journal that cannot be written is an error of Begin or
// End, for a warning. What it holds is as private as what it was made from, so
// folder and files are open to their owner only. It keeps no values of environment
// variables, no scripts and no input.
package journal

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Target is one container of one pod, as it was when it was listed.
type Target struct {
	Context   string `json:"context,omitempty"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	UID       string `json:"uid"`
	Container string `json:"container"`
	Node      string `json:"node,omitempty"`
	Workload  string `json:"workload,omitempty"`
	IP        string `json:"ip,omitempty"`
	Skipped   string `json:"skipped,omitempty"` // why nothing was to be tried, "" for a real target
}

// TargetOf is what is kept of a target.
func TargetOf(t resolve.Target) Target {
	return Target{Context: t.Context, Namespace: t.Namespace, Pod: t.Pod, UID: string(t.UID),
		Container: t.Container, Node: t.Node, Workload: t.Workload, IP: t.IP}
}

// TargetsOf are the rows of a run in the order of the engine's results: the targets
// and then the skipped.
func TargetsOf(targets []resolve.Target, skipped []resolve.Skip) []Target {
	all := make([]Target, 0, len(targets)+len(skipped))
	for _, t := range targets {
		all = append(all, TargetOf(t))
	}
	for _, s := range skipped {
		t := TargetOf(s.Target)
		t.Skipped = s.Reason
		all = append(all, t)
	}
	return all
}

// Resolved is the target in the engine's terms, with the UID that it had.
func (t Target) Resolved() resolve.Target {
	return resolve.Target{Context: t.Context, Namespace: t.Namespace, Pod: t.Pod, UID: types.UID(t.UID),
		Container: t.Container, Node: t.Node, Workload: t.Workload, IP: t.IP}
}

// Key names the container, whatever the UID of its pod: two runs of a stateful set
// are compared by it.
func (t Target) Key() string {
	return t.Context + "\x00" + t.Namespace + "\x00" + t.Pod + "\x00" + t.Container
}

// Header is what is known before a run begins.
type Header struct {
	Version  string   `json:"version"`            // of kubectl-xexec
	Contexts []string `json:"contexts,omitempty"` // of the kubeconfig
	Args     []string `json:"args"`               // the command line, see [Redact]
	Targets  []Target `json:"-"`                  // in the order of the results, the skipped at the end
}

// Row is how one target ended.
type Row struct {
	Outcome     podexec.Outcome `json:"outcome"`
	ExitCode    *int            `json:"exitCode,omitempty"` // nil: unknown
	Reason      string          `json:"reason,omitempty"`
	Verified    bool            `json:"verified,omitempty"`
	Left        engine.Left     `json:"left,omitempty"`
	Attempts    int             `json:"attempts,omitempty"`
	StartedAt   time.Time       `json:"startedAt,omitzero"`
	Duration    time.Duration   `json:"durationNs,omitempty"`
	Fingerprint string          `json:"fingerprint,omitempty"`
	Output      *Output         `json:"output,omitempty"` // nil: none was kept
}

// RowOf is what is kept of a result. The caller adds the fingerprint and the output.
func RowOf(r engine.Result) Row {
	row := Row{Outcome: r.Outcome, Reason: r.Reason, Verified: r.Verified, Left: r.Left,
		Attempts: r.Attempts, StartedAt: r.StartedAt, Duration: r.Duration}
	if r.ExitCode != engine.Unknown {
		row.ExitCode = &r.ExitCode
	}
	return row
}

// End is what is known when a run is over.
type End struct {
	ExitCode    int                     `json:"exitCode"`
	Duration    time.Duration           `json:"durationNs"`
	Interrupted bool                    `json:"interrupted,omitempty"`
	Counts      map[podexec.Outcome]int `json:"counts,omitempty"` // filled in by [Writer.End]
}
