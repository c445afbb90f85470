package resolve

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Workload is what controls pods, or a pod that nothing controls.
type Workload struct {
	Namespace string
	Name      string // TYPE/NAME
}

// Addresses maps the IPs of a namespace's pods, or with "" those of all namespaces,
// to their workloads. Pods that share their node's address are left out, and so are
// those that have ended: their address may be another's by now.
func Addresses(ctx context.Context, client Client, namespace string) (map[string]Workload, error) {
	out := map[string]Workload{}
	for opts := (metav1.ListOptions{Limit: pageSize}); ; {
		list, err := client.CoreV1().Pods(namespace).List(ctx, opts)
		if err != nil {
			return nil, fmt.Errorf("listing pods: %w", err)
		}
		for i := range list.Items {
			pod := &list.Items[i]
			if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				continue
			}
			w := Workload{Namespace: pod.Namespace, Name: workloadOf(pod)}
			if w.Name == "" {
				w.Name = string(Pod) + "/" + pod.Name
			}
			for _, ip := range pod.Status.PodIPs {
				out[ip.IP] = w
			}
		}
		if opts.Continue = list.Continue; opts.Continue == "" {
			return out, nil
		}
	}
}
