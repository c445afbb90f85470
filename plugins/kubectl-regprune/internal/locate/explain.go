package locate

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

func (q Query) command() string { return cmp.Or(q.Command, "kubectl regprune") }

// pick is the command that chooses c.
func (q Query) pick(c *Candidate) string {
	if c.Service != "" {
		return fmt.Sprintf("%s -n %s svc/%s --port %d", q.command(), c.Namespace, c.Service, c.Port)
	}
	return fmt.Sprintf("%s -n %s %s --port %d", q.command(), c.Namespace, c.Workload, c.Port)
}

// several lists what was found, each with the command that picks it.
func (q Query) several(found []Candidate, outside *Hosting) error {
	type line struct{ command, what string }
	var lines []line
	for i := range found {
		c := &found[i]
		lines = append(lines, line{q.pick(c), fmt.Sprintf("%s, image %s, %d of %d pods ready", c.Workload, c.Image, c.Ready(), c.Replicas)})
	}
	if outside != nil {
		lines = append(lines, line{q.outside(outside), "announced in " + hostingName + ", outside of the cluster"})
	}
	width := 0
	for _, l := range lines {
		width = max(width, len(l.command))
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "\n%-*s  # %s", width, l.command, streams.SanitizeLine(l.what))
	}
	return hint.With(fmt.Errorf("%w, %d of them:%s", ErrSeveral, len(lines), b.String()), "run one of these commands")
}

// outside is the command for a registry that the cluster only announces.
func (q Query) outside(h *Hosting) string {
	host := streams.SanitizeLine(cmp.Or(h.Host, h.HostFromContainerRuntime, h.HostFromClusterNetwork))
	return fmt.Sprintf("%s --registry http://%s", q.command(), host)
}

// foreign says that all that was found is other products.
func (q Query) foreign(found []Candidate) error {
	if len(found) == 1 {
		return found[0].Refusal()
	}
	var b strings.Builder
	for i := range found {
		fmt.Fprintf(&b, "\n%s is %s: %s", found[i].Name(), found[i].Product.Title(), hint.Of(found[i].Product.refusal()))
	}
	return fmt.Errorf("%w, %d of them:%s", ErrForeign, len(found), b.String())
}

// none says what was looked at, and what may be there nevertheless.
func (q Query) none(found *Found) error {
	where := fmt.Sprintf(" in namespace %q", q.Namespace)
	switch {
	case q.Ref != nil:
		where = fmt.Sprintf(" at %s%s", q.Ref, where)
	case q.AllNamespaces:
		where = " in all namespaces"
	}
	var b strings.Builder
	for _, u := range found.Unread {
		fmt.Fprintf(&b, "\nnot read: %s", streams.SanitizeLine(u))
	}
	err := fmt.Errorf("%w%s%s", ErrNone, where, b.String())
	switch {
	case found.Outside != nil && q.Ref == nil:
		return hint.With(err, "the cluster announces one outside of it: "+q.outside(found.Outside))
	case q.Ref == nil && !q.AllNamespaces:
		return hint.With(err, "look everywhere with -A, name a service with -n NAMESPACE svc/NAME, or give --registry http://HOST:PORT")
	case q.Ref == nil:
		return hint.With(err, "name a service with -n NAMESPACE svc/NAME, or give --registry http://HOST:PORT")
	}
	return hint.With(err, "see what it selects with: kubectl get pods -n "+q.Namespace+" --show-labels")
}
