package resolve

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// defaultContainer is the annotation with which a pod's author names the
// container that matters.
const defaultContainer = "kubectl.kubernetes.io/default-container"

// defaultOf chooses as kubectl does: the pod's annotation, else the first.
// Defaulted reports that it is merely the first of several.
func defaultOf(pod *corev1.Pod) (name string, defaulted bool) {
	if name := pod.Annotations[defaultContainer]; name != "" {
		return name, false
	}
	if len(pod.Spec.Containers) == 0 {
		return "", false
	}
	more := len(pod.Spec.Containers) > 1 || len(pod.Spec.InitContainers) > 0 || len(pod.Spec.EphemeralContainers) > 0
	return pod.Spec.Containers[0].Name, more
}

// container is what the sorts of containers have in common. Stays says that it is
// meant to run as long as the pod: a regular one or a sidecar.
type container struct {
	name, mark string
	stays      bool
}

func containers(pod *corev1.Pod) []container {
	var all []container
	for i := range pod.Spec.Containers {
		all = append(all, container{name: pod.Spec.Containers[i].Name, stays: true})
	}
	for i := range pod.Spec.EphemeralContainers {
		all = append(all, container{pod.Spec.EphemeralContainers[i].Name, " (ephem)", false})
	}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		sidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		all = append(all, container{c.Name, " (init)", sidecar})
	}
	return all
}

func hasContainer(pod *corev1.Pod, name string) bool {
	for _, c := range containers(pod) {
		if c.name == name {
			return true
		}
	}
	return false
}

// containerNames lists a pod's containers with kubectl's marks.
func containerNames(pod *corev1.Pod) string {
	var names []string
	for _, c := range containers(pod) {
		names = append(names, c.name+c.mark)
	}
	return strings.Join(names, ", ")
}

// blocked says why no command can run in any container of the pod, or "".
func blocked(pod *corev1.Pod, byName bool) string {
	switch {
	case pod.DeletionTimestamp != nil && !byName:
		return "the pod is being deleted"
	case pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed:
		return "the pod has completed, phase " + withReason(string(pod.Status.Phase), pod.Status.Reason)
	case pod.Status.Phase != corev1.PodRunning && !reported(pod):
		return "the pod is " + withReason(string(pod.Status.Phase), unscheduled(pod))
	}
	return ""
}

// reported says whether a kubelet has told anything about the pod's containers.
func reported(pod *corev1.Pod) bool {
	s := &pod.Status
	return len(s.ContainerStatuses)+len(s.InitContainerStatuses)+len(s.EphemeralContainerStatuses) > 0
}

// notRunning says why no command can run in the container now, or "". A container
// that the kubelet has not reported on yet gets the benefit of the doubt while the
// pod's phase is Running.
func notRunning(pod *corev1.Pod, name string) string {
	status := containerStatus(pod, name)
	switch {
	case status != nil && status.State.Running != nil:
		return ""
	case status != nil && status.State.Waiting != nil:
		return fmt.Sprintf("container %q is %s", name, withReason("waiting", status.State.Waiting.Reason))
	case status != nil && status.State.Terminated != nil:
		t := status.State.Terminated
		return fmt.Sprintf("container %q has terminated with exit code %d", name, t.ExitCode)
	case pod.Status.Phase != corev1.PodRunning:
		return "the pod is " + withReason(string(pod.Status.Phase), unscheduled(pod))
	}
	return ""
}

func withReason(state, reason string) string {
	if state == "" {
		state = "not started"
	}
	if reason == "" {
		return state
	}
	return state + " (" + reason + ")"
}

func unscheduled(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason
		}
	}
	return pod.Status.Reason
}

func containerStatus(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, list := range [][]corev1.ContainerStatus{
		pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}
