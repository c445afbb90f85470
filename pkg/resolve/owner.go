package resolve

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// workloadOf names what controls pod as TYPE/NAME, as far as the pod itself tells:
// a deployment by its replica set's name, which ends in the hash that the pod
// carries as a label. It is "" for a bare pod, and for one that a node's kubelet
// made from a file: such pods have nothing in common with each other.
func workloadOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind == "Node" {
		return ""
	}
	kind, name := strings.ToLower(owner.Kind), owner.Name
	hash := pod.Labels["pod-template-hash"]
	if deployment, ok := strings.CutSuffix(name, "-"+hash); ok && owner.Kind == "ReplicaSet" {
		kind, name = string(Deployment), deployment
	}
	return kind + "/" + name
}

// oneOff says that the API server made up the end of the pod's name. A stateful set
// gives its pods a prefix to generate names from, too, but names them itself, and
// again so.
func oneOff(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || pod.GenerateName == "" || !strings.HasPrefix(pod.Name, pod.GenerateName) {
		return false
	}
	switch owner.Kind {
	case "ReplicaSet", "DaemonSet", "Job", "ReplicationController":
		return true
	}
	return false
}
