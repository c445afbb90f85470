package resolve

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// hintTime bounds the search for a helpful hint: the error itself is known, and
// the user waits for it.
const hintTime = 3 * time.Second

// suggestions is how many names a hint lists at most.
const suggestions = 3

// noPod explains that the named pod does not exist, and where to look instead.
func (r *resolver) noPod(ctx context.Context, ns, name string) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	if err := r.noNamespace(ctx, ns, fmt.Sprintf("pod %q", name)); err != nil {
		return err
	}
	text := "see the pods with: " + r.kubectl("get", "pods", "-n", ns)
	if s := r.similar(ctx, ns, name); s != "" {
		text = s
	} else if elsewhere := r.elsewhere(ctx, name); elsewhere != "" {
		text = fmt.Sprintf("there is one in namespace %q: add -n %s", elsewhere, elsewhere)
	}
	return hint.With(missing(fmt.Sprintf("pod %q not found in namespace %q", name, ns)), text)
}

func (r *resolver) noWorkload(ctx context.Context, ns string, ref Ref) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	if err := r.noNamespace(ctx, ns, ref.String()); err != nil {
		return err
	}
	return hint.With(missing(fmt.Sprintf("%s %q not found in namespace %q", ref.Kind, ref.Name, ns)),
		"see what there is with: "+r.kubectl("get", string(ref.Kind)+"s", "-n", ns))
}

// noMatch explains an empty selection.
func (r *resolver) noMatch() error {
	place, flags := r.place()
	see := "see the pods and their labels with: " + r.kubectl(append([]string{"get", "pods", "--show-labels"}, flags...)...)
	if n := r.found.Excluded; n > 0 {
		text := fmt.Sprintf("no pod is left%s: the %d that match are excluded by %q", place, n, r.q.NotPods)
		if n == 1 {
			text = fmt.Sprintf("no pod is left%s: the one that matches is excluded by %q", place, r.q.NotPods)
		}
		return hint.With(missing(text), see)
	}
	by := r.q.restrictions()
	if len(by) == 0 {
		return hint.With(missing("no pods"+place), see)
	}
	return hint.With(missing("no pod"+r.q.of()+" matches "+strings.Join(by, " and ")+place), see)
}

// place is where the query looks, in words and as kubectl's flags.
func (r *resolver) place() (words string, flags []string) {
	switch namespaces := r.q.namespaces(); {
	case namespaces[0] == "":
		return " in any namespace", where("")
	case len(namespaces) == 1:
		return in(namespaces[0]), where(namespaces[0])
	default:
		return fmt.Sprintf(" in namespaces %s", strings.Join(namespaces, ", ")), where("")
	}
}

// of names the Refs whose pods a restriction left nothing of.
func (q *Query) of() string {
	if len(q.Refs) == 0 {
		return ""
	}
	names := make([]string, len(q.Refs))
	for i, ref := range q.Refs {
		names[i] = ref.String()
	}
	return " of " + strings.Join(names, ", ")
}

// restrictions are what a pod has to match, in words.
func (q *Query) restrictions() []string {
	var by []string
	if q.Labels != nil && !q.Labels.Empty() {
		by = append(by, fmt.Sprintf("label selector %q", q.Labels))
	}
	if q.Fields != nil && !q.Fields.Empty() {
		by = append(by, fmt.Sprintf("field selector %q", q.Fields))
	}
	switch len(q.Nodes) {
	case 0:
	case 1:
		by = append(by, fmt.Sprintf("node %q", q.Nodes[0]))
	default:
		by = append(by, "nodes "+strings.Join(q.Nodes, ", "))
	}
	if q.Pods != nil {
		by = append(by, fmt.Sprintf("pod name %q", q.Pods))
	}
	return by
}

// noNamespace returns an error if the namespace itself is missing. Not being
// allowed to know counts as present.
func (r *resolver) noNamespace(ctx context.Context, ns, wanted string) error {
	if ns == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	_, err := r.client.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return nil
	}
	return hint.With(missing(fmt.Sprintf("looking for %s: namespace %q not found", wanted, ns)),
		"see the namespaces with: "+r.kubectl("get", "namespaces"))
}

// elsewhere names another namespace that has a pod of this name.
func (r *resolver) elsewhere(ctx context.Context, name string) string {
	list, err := r.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String(), Limit: 1,
	})
	if err != nil || len(list.Items) == 0 || list.Items[0].Name != name {
		return ""
	}
	return list.Items[0].Namespace
}

// similar suggests the pods whose names begin with the wanted one, and the
// workload of that name: "web" is often meant to be deploy/web.
func (r *resolver) similar(ctx context.Context, ns, name string) string {
	list, err := r.client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{Limit: pageSize})
	if err != nil {
		return ""
	}
	var names []string
	workload := ""
	for i := range list.Items {
		pod := &list.Items[i]
		if !strings.HasPrefix(pod.Name, name+"-") {
			continue
		}
		names = append(names, pod.Name)
		if ref, err := ParseRef(workloadOf(pod)); err == nil && ref.Name == name {
			workload = ref.String()
		}
	}
	if len(names) == 0 {
		return ""
	}
	more := ""
	if len(names) > suggestions {
		names, more = names[:suggestions], ", …"
	}
	text := "did you mean " + strings.Join(names, ", ") + more
	if workload != "" {
		text += ", or all pods of " + workload
	}
	return text
}
