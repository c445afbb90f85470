package report

import (
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// names writes which pods succeeded.
type names struct {
	w    writer
	seen map[string]bool
}

func (*names) begin()     {}
func (*names) end() error { return nil }

func (n *names) row(r row) error {
	t := r.result.Target
	id := t.Context + "/" + t.Namespace + "/" + t.Pod
	if r.result.Outcome == podexec.OK && !n.seen[id] {
		n.seen[id] = true
		n.w.put("pod/" + streams.SanitizeLine(t.Pod) + "\n")
	}
	return nil
}
