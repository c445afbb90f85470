package outdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// file is made when the first byte arrives, or at the end: most commands write
// little to stderr, and open files are few.
type file struct {
	dir  *Dir
	name string
	f    *os.File
	size int64
	err  error
}

// Write fails from the first failure on: a full disk is the target's own failure,
// and must leave no gap.
func (f *file) Write(p []byte) (int, error) {
	if f.err == nil && f.f == nil {
		f.f, f.err = f.dir.create(f.name)
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.f.Write(p)
	f.size += int64(n)
	if err != nil {
		f.err = fmt.Errorf("writing output file: %w", err)
	}
	return n, f.err
}

// close completes the file. What a write has said already it does not say again.
func (f *file) close() error {
	if f.f == nil {
		if f.err != nil {
			return nil
		}
		var err error
		if f.f, err = f.dir.create(f.name); err != nil {
			return err
		}
	}
	if err := f.f.Close(); err != nil && f.err == nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("writing output file: %w", err)
	}
	return nil
}

// line is one result in results.jsonl: the fields of -o jsonl, with the names of
// files in place of the output.
type line struct {
	Context         string     `json:"context"`
	Namespace       string     `json:"namespace"`
	Pod             string     `json:"pod"`
	UID             string     `json:"uid"`
	Node            string     `json:"node"`
	Container       string     `json:"container"`
	Outcome         string     `json:"outcome"`
	ExitCode        *int       `json:"exitCode"`
	StdoutFile      string     `json:"stdoutFile,omitempty"`
	StderrFile      string     `json:"stderrFile,omitempty"`
	StdoutBytes     int64      `json:"stdoutBytes"`
	StderrBytes     int64      `json:"stderrBytes"`
	Verified        bool       `json:"verified"`
	StartedAt       *time.Time `json:"startedAt"`
	DurationSeconds float64    `json:"durationSeconds"`
	Reason          string     `json:"reason"`
	Workload        string     `json:"workload"`
	Left            string     `json:"left"`
	Attempts        int        `json:"attempts"`
}

func newLine(r engine.Result) line {
	t := r.Target
	l := line{
		Context: t.Context, Namespace: t.Namespace, Pod: t.Pod, UID: string(t.UID), Node: t.Node, Container: t.Container,
		Outcome: string(r.Outcome), Verified: r.Verified, Reason: r.Why(),
		Workload: t.Workload, Left: string(r.Left), Attempts: r.Attempts,
	}
	if r.ExitCode != engine.Unknown && r.Outcome != podexec.NotStarted {
		l.ExitCode = &r.ExitCode
	}
	if r.Ran() {
		at := r.StartedAt.UTC()
		l.StartedAt, l.DurationSeconds = &at, r.Duration.Round(time.Millisecond).Seconds()
	}
	return l
}

// write puts the line out in one piece, so that a crash leaves whole lines.
func (l line) write(w io.Writer) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encoding a result: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", Results, err)
	}
	return nil
}
