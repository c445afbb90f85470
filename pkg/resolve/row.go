package resolve

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// row is what one pod adds to the answer.
type row struct {
	key      types.NamespacedName
	targets  []Target
	skipped  []Skip
	excluded bool
}

// row decides about one pod; ok is false if the query does not mean it. A pod
// that the user named is used even while it terminates, as kubectl exec does:
// looking into a pod that hangs in termination is a reason to name it.
func (r *resolver) row(pod *corev1.Pod, byName bool) (one row, ok bool) {
	q := &r.q
	if len(q.Nodes) > 0 && !slices.Contains(q.Nodes, pod.Spec.NodeName) || q.Pods != nil && !q.Pods.MatchString(pod.Name) {
		return row{}, false
	}
	one.key = types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
	if q.NotPods != nil && q.NotPods.MatchString(pod.Name) {
		one.excluded = true
		return one, true
	}
	target := Target{
		Namespace: pod.Namespace, Pod: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName, IP: pod.Status.PodIP,
		Workload: workloadOf(pod), OneOff: oneOff(pod),
	}
	c := q.choose(pod)
	if c.defaulted {
		target.DefaultedFrom = containerNames(pod)
	}
	if len(c.names) == 1 {
		target.Container = c.names[0]
	}
	switch reason := blocked(pod, byName); {
	case len(c.names) == 0:
		one.skipped = []Skip{{target, c.reason, "its containers are: " + containerNames(pod)}}
	case reason != "":
		one.skipped = []Skip{{target, reason, r.describe(pod)}}
	default:
		r.perContainer(&one, pod, target, c.names)
	}
	return one, true
}

// perContainer adds a target, or a reason, for each of the containers.
func (r *resolver) perContainer(one *row, pod *corev1.Pod, target Target, names []string) {
	for _, name := range names {
		target.Container = name
		if reason := notRunning(pod, name); reason != "" {
			one.skipped = append(one.skipped, Skip{target, reason, r.describe(pod)})
			continue
		}
		one.targets = append(one.targets, target)
	}
}

// describe is the hint for a pod that does not run. That a pod is being deleted
// needs none.
func (r *resolver) describe(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return ""
	}
	return seeWhy(r.kubectl("describe", "pod", pod.Name, "-n", pod.Namespace))
}

func seeWhy(command string) string { return "see why with: " + command }

// noContainer begins the reasons that are about what a pod has, not about its
// state.
const noContainer = "no container"

// choice is the containers of a pod that a query means, or why there are none.
type choice struct {
	names     []string
	defaulted bool
	reason    string
}

func (q *Query) choose(pod *corev1.Pod) choice {
	c := q.include(pod)
	if q.NotContainers == nil || len(c.names) == 0 {
		return c
	}
	var out []string
	c.names = slices.DeleteFunc(c.names, func(name string) bool {
		no := q.NotContainers.MatchString(name)
		if no {
			out = append(out, name)
		}
		return no
	})
	if len(c.names) == 0 {
		c.reason = fmt.Sprintf("%s left: %s excluded", noContainer, quoted(out))
	}
	return c
}

func (q *Query) include(pod *corev1.Pod) choice {
	switch {
	case q.Container != "":
		return theOne(pod, q.Container)
	case q.Containers != nil:
		c := choice{reason: fmt.Sprintf("%s that matches %q", noContainer, q.Containers)}
		for _, each := range containers(pod) {
			if q.Containers.MatchString(each.name) {
				c.names = append(c.names, each.name)
			}
		}
		return c
	case q.AllContainers:
		c := choice{reason: noContainer}
		for _, each := range containers(pod) {
			if each.stays {
				c.names = append(c.names, each.name)
			}
		}
		return c
	}
	name, defaulted := defaultOf(pod)
	c := theOne(pod, name)
	c.defaulted = defaulted
	return c
}

func theOne(pod *corev1.Pod, name string) choice {
	if !hasContainer(pod, name) {
		return choice{reason: fmt.Sprintf("%s %q", noContainer, name)}
	}
	return choice{names: []string{name}}
}

// quoted lists names with the verb that follows: "a" is; "a" and "b" are.
func quoted(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("%q is", names[0])
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ") + " are"
}
