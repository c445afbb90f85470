package resolve

import (
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// Query says which containers of which pods are meant. Either Refs name the pods,
// or Labels and Fields select them; with neither, every pod of the namespaces is
// meant. Everything else narrows that down.
type Query struct {
	Refs   []Ref
	Labels labels.Selector // nil: no restriction
	Fields fields.Selector // nil: no restriction

	// Namespaces to look in; none means all, for selectors only. A Ref must exist in
	// each of them, and each of them must exist.
	Namespaces []string
	// Nodes keeps the pods on the nodes of these exact names; none means any. One
	// node is asked for in the LIST itself, several are picked from its answer.
	Nodes []string
	// Pods keeps the pods whose names it matches somewhere, NotPods leaves out those
	// whose names it matches; nil means no restriction. See [Found].Excluded.
	Pods, NotPods *regexp.Regexp

	// Container is the exact name of the one container, of any sort, to run in. If
	// it is empty, Containers means every container, of any sort, whose name it
	// matches somewhere. Without either, AllContainers means the regular ones and
	// the sidecars (init containers that keep running), and the default is the
	// pod's annotation kubectl.kubernetes.io/default-container, or its first.
	Container     string
	Containers    *regexp.Regexp
	AllContainers bool
	// NotContainers leaves out the containers whose names it matches.
	NotContainers *regexp.Regexp
}

// single reports whether the query names one pod, in which case a problem with
// that pod is an error and not a row in a list.
func (q *Query) single() bool { return len(q.Refs) == 1 && q.Refs[0].Kind == Pod }

// namespaces are those to look in, each once; "" stands for all of them.
func (q *Query) namespaces() []string {
	var once []string
	for _, ns := range q.Namespaces {
		if !slices.Contains(once, ns) {
			once = append(once, ns)
		}
	}
	if len(once) == 0 || slices.Contains(once, "") {
		return []string{""}
	}
	return once
}

// listFields is the field selector of a LIST: f, the query's own, and its node if
// there is just one.
func (q *Query) listFields() fields.Selector {
	var all []fields.Selector
	if q.Fields != nil && !q.Fields.Empty() && len(q.Refs) == 0 {
		all = append(all, q.Fields)
	}
	if len(q.Nodes) == 1 {
		all = append(all, fields.OneTermEqualSelector("spec.nodeName", q.Nodes[0]))
	}
	if len(all) == 0 {
		return nil
	}
	return fields.AndSelectors(all...)
}
