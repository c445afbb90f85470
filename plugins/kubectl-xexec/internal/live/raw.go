package live

import (
	"context"
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

// Broken is nil: whether anybody reads shows in the target's own writes.
func (r Raw) Broken() <-chan struct{} { return nil }

// Close has nothing to complete.
func (r Raw) Close(context.Context) error { return nil }
