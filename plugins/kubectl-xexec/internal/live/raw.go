package live

import (
	"io"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Raw passes a single target's bytes through untouched, as kubectl exec does.
type Raw struct {
	Out, Err io.Writer
}

// Open implements engine.Sink.
func (r Raw) Open(int) (stdout, stderr io.Writer) { return r.Out, r.Err }

// Landed implements engine.Sink.
func (r Raw) Landed(int, engine.Result) error { return nil }
