package rbac

import "slices"

// builtIn are the API groups that Kubernetes serves itself, and those of measurements.
// What of them can name an image has rules of its own.
var builtIn = []string{
	"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "authentication.k8s.io", "authorization.k8s.io",
	"autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io", "custom.metrics.k8s.io", "discovery.k8s.io", "events.k8s.io", "extensions",
	"external.metrics.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "metrics.k8s.io", "networking.k8s.io", "node.k8s.io",
	"policy", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
}

// CustomGroups are those of a cluster's API groups whose resources are custom ones, for
// [Options], sorted and each once.
func CustomGroups(all []string) []string {
	var custom []string
	for _, group := range all {
		if !slices.Contains(builtIn, group) {
			custom = append(custom, group)
		}
	}
	slices.Sort(custom)
	return slices.Compact(custom)
}
