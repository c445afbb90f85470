package resolve

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
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
func (r *resolver) noPod(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	if err := r.noNamespace(ctx, fmt.Sprintf("pod %q", name)); err != nil {
		return err
	}
	ns := r.q.Namespace
	text := fmt.Sprintf("see the pods with: kubectl get pods -n %s", ns)
	if s := r.similar(ctx, name); s != "" {
		text = s
	} else if elsewhere := r.elsewhere(ctx, name); elsewhere != "" {
		text = fmt.Sprintf("there is one in namespace %q: add -n %s", elsewhere, elsewhere)
	}
	return hint.With(missing(fmt.Sprintf("pod %q not found in namespace %q", name, ns)), text)
}

func (r *resolver) noWorkload(ctx context.Context, ref Ref) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	if err := r.noNamespace(ctx, ref.String()); err != nil {
		return err
	}
	return hint.With(missing(fmt.Sprintf("%s %q not found in namespace %q", ref.Kind, ref.Name, r.q.Namespace)),
		fmt.Sprintf("see what there is with: kubectl get %ss -n %s", ref.Kind, r.q.Namespace))
}

// noMatch explains an empty selection.
func (r *resolver) noMatch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	if err := r.noNamespace(ctx, "pods"); err != nil {
		return err
	}
	var by []string
	if r.q.Labels != nil && !r.q.Labels.Empty() {
		by = append(by, fmt.Sprintf("label selector %q", r.q.Labels))
	}
	if r.q.Fields != nil && !r.q.Fields.Empty() {
		by = append(by, fmt.Sprintf("field selector %q", r.q.Fields))
	}
	where, flag := in(r.q.Namespace), "-n "+r.q.Namespace
	if r.q.Namespace == "" {
		where, flag = " in any namespace", "-A"
	}
	text := "no pods" + where
	if len(by) > 0 {
		text = "no pod matches " + strings.Join(by, " and ") + where
	}
	return hint.With(missing(text), fmt.Sprintf("see the pods and their labels with: kubectl get pods --show-labels %s", flag))
}

// noNamespace returns an error if the namespace itself is missing. Not being
// allowed to know counts as present.
func (r *resolver) noNamespace(ctx context.Context, wanted string) error {
	if r.q.Namespace == "" {
		return nil
	}
	_, err := r.client.CoreV1().Namespaces().Get(ctx, r.q.Namespace, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return nil
	}
	return hint.With(missing(fmt.Sprintf("looking for %s: namespace %q not found", wanted, r.q.Namespace)),
		"see the namespaces with: kubectl get namespaces")
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
func (r *resolver) similar(ctx context.Context, name string) string {
	list, err := r.client.CoreV1().Pods(r.q.Namespace).List(ctx, metav1.ListOptions{Limit: pageSize})
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
		if w := workloadOf(pod, name); w != "" {
			workload = w
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

// workloadOf names the workload called name that controls pod, if the pod's owner
// tells without another request.
func workloadOf(pod *corev1.Pod, name string) string {
	owner := metav1.GetControllerOf(pod)
	switch {
	case owner == nil:
		return ""
	case owner.Kind == "ReplicaSet" && owner.Name == name+"-"+pod.Labels["pod-template-hash"]:
		return "deploy/" + name
	case owner.Name != name:
		return ""
	case owner.Kind == "StatefulSet":
		return "sts/" + name
	case owner.Kind == "DaemonSet":
		return "ds/" + name
	}
	return ""
}
