package redisconn

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// unusable says why nothing can connect to container c of pod, "" if something
// can. The container's own state decides: a pod is pending as long as one of its
// containers has no image, while the others serve. The phase speaks only for a
// container of which nothing is known.
func unusable(pod *corev1.Pod, c *corev1.Container) string {
	if state := containerState(pod, c.Name); state != nil {
		switch {
		case state.Running != nil:
			return ""
		case state.Waiting != nil && state.Waiting.Reason != "":
			return fmt.Sprintf("is not running: container %q is waiting (%s)", c.Name, state.Waiting.Reason)
		case state.Terminated != nil:
			return fmt.Sprintf("is not running: container %q has terminated with exit code %d", c.Name, state.Terminated.ExitCode)
		}
	}
	switch pod.Status.Phase {
	case corev1.PodRunning:
		return ""
	case corev1.PodPending:
		return "is pending" + unscheduled(pod)
	}
	return "is not running (" + strings.ToLower(string(pod.Status.Phase)) + ")"
}

func containerState(pod *corev1.Pod, name string) *corev1.ContainerState {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i].State
			}
		}
	}
	return nil
}

func unscheduled(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason != "" {
			return " (" + c.Reason + ")"
		}
	}
	return ""
}
