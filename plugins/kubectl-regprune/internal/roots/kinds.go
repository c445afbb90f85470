package roots

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// resource is a kind of objects as the API server lists it.
type resource struct {
	schema.GroupVersionResource
	kind string // Pod
	// labels and fields select objects, if only those of Helm matter.
	labels, fields string
}

func (r resource) name() string { return r.GroupResource().String() }

func (r resource) path() string {
	if r.Group == "" {
		return "/api/" + r.Version + "/" + r.Resource
	}
	return "/apis/" + r.Group + "/" + r.Version + "/" + r.Resource
}

// never are resources and whole groups that are not even scanned deeply, and why.
var never = map[string]string{
	"events":                                "tell what happened to objects that are read",
	"events.k8s.io":                         "tell what happened to objects that are read",
	"endpoints":                             "addresses",
	"discovery.k8s.io":                      "addresses",
	"componentstatuses":                     "health of the control plane",
	"coordination.k8s.io":                   "leases",
	"metrics.k8s.io":                        "measurements",
	"custom.metrics.k8s.io":                 "measurements",
	"external.metrics.k8s.io":               "measurements",
	"apiextensions.k8s.io":                  "schemas of objects that are read",
	"apiregistration.k8s.io":                "addresses of API servers",
	"rbac.authorization.k8s.io":             "permissions",
	"authorization.k8s.io":                  "questions",
	"authentication.k8s.io":                 "questions",
	"flowcontrol.apiserver.k8s.io":          "limits of the API server",
	"certificates.k8s.io":                   "certificates",
	"packages.operators.coreos.com":         "what could be installed, not what is",
	"internal.apiserver.k8s.io":             "versions of API servers",
	"storagemigration.k8s.io":               "versions in storage",
	"resource.k8s.io":                       "devices",
	"node.k8s.io":                           "runtimes",
	"storage.k8s.io":                        "disks",
	"snapshot.storage.k8s.io":               "disks",
	"scheduling.k8s.io":                     "priorities",
	"reports.kyverno.io":                    "findings about objects that are read",
	"wgpolicyk8s.io":                        "findings about objects that are read",
	"openreports.io":                        "findings about objects that are read",
	"spdx.softwarecomposition.kubescape.io": "findings about objects that are read",
}

// textOnly are resources and whole groups that have no pod specification, so that
// only a deep scan can find anything in them.
var textOnly = map[string]bool{
	"namespaces": true, "services": true, "serviceaccounts": true, "persistentvolumes": true,
	"persistentvolumeclaims": true, "limitranges": true, "resourcequotas": true, "nodes": true,
	"autoscaling": true, "policy": true, "networking.k8s.io": true, "admissionregistration.k8s.io": true,
}

// wanted decides whether r is read, and limits it to what matters.
func (o *Options) wanted(r *resource) bool {
	own := r.name() // a core resource has no group in its name
	if never[own] != "" || r.Group != "" && never[r.Group] != "" {
		return false
	}
	if o.Deep != nil {
		return true
	}
	switch own {
	case "secrets":
		r.labels, r.fields = "owner=helm", "type="+helmType
	case "configmaps":
		r.labels = "owner=helm"
	case "nodes":
		return o.NodeImages
	}
	return !textOnly[own] && (r.Group == "" || !textOnly[r.Group])
}

// resources are what is to be read, in the preferred version of each, and what
// could not be found out.
func (o *Options) resources(ctx context.Context, d *discovery.DiscoveryClient) ([]resource, []failure, error) {
	lists, err := discovery.ServerPreferredResourcesWithContext(ctx, d)
	var partly *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &partly) {
		return nil, nil, fmt.Errorf("asking the cluster for its kinds of objects: %w", err)
	}
	var failures []failure
	if partly != nil {
		for gv, err := range partly.Groups {
			if never[gv.Group] == "" && (o.Deep != nil || !textOnly[gv.Group]) {
				failures = append(failures, failure{name: gv.String(), also: []string{gv.Group}, err: err})
			}
		}
	}
	var found []resource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, nil, fmt.Errorf("asking the cluster for its kinds of objects: %w", err)
		}
		for _, r := range list.APIResources {
			if one, ok := o.resource(gv, r); ok {
				found = append(found, one)
			}
		}
	}
	if len(found) == 0 {
		return nil, nil, errors.New("asking the cluster for its kinds of objects: it knows none that can be listed")
	}
	slices.SortFunc(found, func(a, b resource) int { return strings.Compare(a.name(), b.name()) })
	return found, failures, nil
}

func (o *Options) resource(gv schema.GroupVersion, r metav1.APIResource) (resource, bool) {
	if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
		return resource{}, false
	}
	one := resource{GroupVersionResource: gv.WithResource(r.Name), kind: r.Kind}
	return one, o.wanted(&one)
}
