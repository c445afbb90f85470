// Package compare holds results against each other and against those of an earlier
// run: [Prints] fingerprints output while it arrives, and [Groups] shows what is the
// same once, and what differs.
package compare

import (
	"context"
	"io"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Prints makes the fingerprints of all targets. It is a sink.Sink that keeps no
// output, and must hear of a result before whoever asks for its fingerprint.
type Prints struct {
	identities []alike.Identity
	masks      alike.Masks

	mu      sync.Mutex
	hashers map[int]*alike.Hasher
	sums    map[int]alike.Sum
}

// NewPrints returns the Prints of a run over targets, in their order.
func NewPrints(targets []resolve.Target, masks alike.Masks) *Prints {
	return &Prints{
		identities: identities(targets), masks: masks,
		hashers: map[int]*alike.Hasher{}, sums: map[int]alike.Sum{},
	}
}

// identities are what each target alone can say. A namespace that all of them
// share tells none from the others.
func identities(targets []resolve.Target) []alike.Identity {
	all := make([]alike.Identity, len(targets))
	several := false
	for i, t := range targets {
		several = several || t.Namespace != targets[0].Namespace
		all[i] = alike.Identity{Namespace: t.Namespace, Pod: t.Pod, UID: string(t.UID), IP: t.IP, Node: t.Node, Workload: t.Workload}
	}
	if !several {
		for i := range all {
			all[i].Namespace = ""
		}
	}
	return all
}

// Identity is what the target of that index alone can say.
func (p *Prints) Identity(index int) alike.Identity {
	if index < len(p.identities) {
		return p.identities[index]
	}
	return alike.Identity{} // skipped: it said nothing
}

// Sum is the fingerprint of a target that has landed.
func (p *Prints) Sum(index int) alike.Sum {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sums[index]
}

// Open implements engine.Sink.
func (p *Prints) Open(index int) (stdout, stderr io.Writer) {
	h := alike.NewHasher(p.Identity(index), p.masks)
	p.mu.Lock()
	p.hashers[index] = h
	p.mu.Unlock()
	return h.Stdout(), h.Stderr()
}

// Landed implements engine.Sink.
func (p *Prints) Landed(index int, r engine.Result) error {
	p.mu.Lock()
	h, ok := p.hashers[index]
	delete(p.hashers, index)
	p.mu.Unlock()
	if !ok {
		h = alike.NewHasher(p.Identity(index), p.masks)
	}
	sum := h.Sum(verdict(r))
	p.mu.Lock()
	p.sums[index] = sum
	p.mu.Unlock()
	return nil
}

// Broken implements sink.Sink: nothing here can break.
func (p *Prints) Broken() <-chan struct{} { return nil }

// Close implements sink.Sink.
func (p *Prints) Close(context.Context) error { return nil }

// verdict is how a target ended, as far as it takes part in the comparison: not how
// often it was tried, nor how long it took.
func verdict(r engine.Result) alike.Verdict {
	reason := r.Reason
	if r.Err == nil {
		reason = "" // the exit code says it
	}
	return alike.Verdict{Outcome: string(r.Outcome), Code: r.ExitCode, Reason: reason}
}
