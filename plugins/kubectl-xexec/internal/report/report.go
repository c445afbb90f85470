// Package report is xexec's machine output: the ExecReport kind, as one JSON
// document or as one JSON line for each result.
package report

import (
	"encoding/base64"
	"io"
	"math"
	"time"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// APIVersion and Kind name the document.
const (
	APIVersion = "xexec.kubectl-suite.dev/v1alpha1"
	Kind       = "ExecReport"
)

// Document is what -o json prints.
type Document struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Results    []Result `json:"results"` // targets in order, then skipped pods
}

// Result is one target: an element of the document, or one line of -o jsonl.
type Result struct {
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	UID       string `json:"uid"`
	Node      string `json:"node"`
	Container string `json:"container"`
	// Outcome is ok, failed, timeout, lost, not-started, denied or skipped.
	Outcome string `json:"outcome"`
	// ExitCode is the remote command's, null when nobody knows it.
	ExitCode *int   `json:"exitCode"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
	// The encodings are "utf-8", or "base64" for output that is not valid UTF-8.
	StdoutEncoding string `json:"stdoutEncoding"`
	StderrEncoding string `json:"stderrEncoding"`
	// Truncated says that stdout or stderr is only the beginning.
	Truncated bool `json:"truncated"`
	// Verified says that the remote side itself proved that the command ran to its
	// end. Without such a proof the outcome is the API server's word.
	Verified bool `json:"verified"`
	// StartedAt is null if nothing was tried.
	StartedAt       *time.Time `json:"startedAt"`
	DurationSeconds float64    `json:"durationSeconds"`
	Reason          string     `json:"reason"`
}

// Sink keeps each target's output, up to a limit, until the target has landed. It
// is an engine.Sink.
type Sink struct {
	context string
	max     int64
	emit    func(index int, r Result) error
	open    []captured
}

type captured struct{ stdout, stderr Capture }

// NewSink returns a sink for so many targets of the named kubeconfig context. It
// keeps at most max bytes of each stream (0: all) and hands each result to emit
// as it lands.
func NewSink(context string, targets int, max int64, emit func(index int, r Result) error) *Sink {
	return &Sink{context: context, max: max, emit: emit, open: make([]captured, targets)}
}

// Open implements engine.Sink.
func (s *Sink) Open(index int) (stdout, stderr io.Writer) {
	c := &s.open[index]
	c.stdout.Max, c.stderr.Max = s.max, s.max
	return &c.stdout, &c.stderr
}

// Landed implements engine.Sink.
func (s *Sink) Landed(index int, r engine.Result) error {
	var c captured
	if index < len(s.open) {
		c = s.open[index]
		s.open[index] = captured{} // the memory is the caller's now
	}
	return s.emit(index, s.result(r, &c))
}

func (s *Sink) result(r engine.Result, c *captured) Result {
	out := Result{
		Context: s.context, Namespace: r.Target.Namespace, Pod: r.Target.Pod, UID: string(r.Target.UID),
		Node: r.Target.Node, Container: r.Target.Container,
		Outcome: string(r.Outcome), Reason: r.Why(),
		Truncated: c.stdout.Truncated || c.stderr.Truncated,
	}
	if r.ExitCode != engine.Unknown && r.Outcome != podexec.NotStarted { // 127 is a shell's word for it, no command's
		out.ExitCode = &r.ExitCode
	}
	if r.Ran() {
		at := r.StartedAt.UTC()
		out.StartedAt = &at
		out.DurationSeconds = math.Round(r.Duration.Seconds()*1000) / 1000
	}
	out.Stdout, out.StdoutEncoding = c.stdout.text()
	out.Stderr, out.StderrEncoding = c.stderr.text()
	return out
}

// Capture keeps the beginning of what is written to it and swallows the rest, so
// that the remote command runs on.
type Capture struct {
	Max       int64 // bytes kept; 0 means all
	Truncated bool  // something was swallowed
	kept      []byte
}

// Write never fails.
func (c *Capture) Write(p []byte) (int, error) {
	keep := p
	if room := c.Max - int64(len(c.kept)); c.Max > 0 && int64(len(p)) > room {
		keep, c.Truncated = p[:max(room, 0)], true
	}
	c.kept = append(c.kept, keep...)
	return len(p), nil
}

func (c *Capture) text() (text, encoding string) {
	kept := c.kept
	if c.Truncated {
		kept = wholeRunes(kept)
	}
	if utf8.Valid(kept) {
		return string(kept), "utf-8"
	}
	return base64.StdEncoding.EncodeToString(c.kept), "base64"
}

// wholeRunes drops the first bytes of a character that the limit cut in two.
func wholeRunes(b []byte) []byte {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if utf8.RuneStart(b[len(b)-back]) {
			if !utf8.FullRune(b[len(b)-back:]) {
				return b[:len(b)-back]
			}
			break
		}
	}
	return b
}
