// Package rbac says which rights in a cluster regprune needs, as rules that can be
// checked and as manifests that can be applied.
//
// It grants nothing by itself, and nothing that a step does not use. What a user may
// do in the registry is the registry's business.
package rbac

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Step is what the rights are for.
type Step string

// The steps. Apply looks at the cluster once more before it deletes, so it needs what
// Plan needs. GC runs in the registry's namespace alone.
const (
	Plan  Step = "plan"
	Apply Step = "apply"
	GC    Step = "gc"
)

// Subject is who gets the rights.
type Subject struct {
	Kind      string // User, Group or ServiceAccount
	Name      string
	Namespace string // of a service account
}

// Options say which rights are wanted.
type Options struct {
	Step      Step
	Namespace string      // of the registry; "" if it is outside of the cluster
	Workload  resolve.Ref // of the registry, for GC
	Subject   Subject
	// Files adds the right to read the registry's files in its container, without which
	// untagged manifests and times of pushes are not known. GC has it anyway.
	Files bool
	// Deep adds the right to read every kind of object that may mention an image.
	Deep bool
	// Groups are the API groups of the cluster's custom resources, whose objects may
	// name images.
	Groups []string
}

// Rule is one right, in the words of Kubernetes.
type Rule struct {
	Why       string // what it is for, one line
	Group     string // of the API, "" for the core
	Resources []string
	Verbs     []string
	Names     []string // of the objects it is limited to, if any
	Cluster   bool     // in all namespaces; otherwise in the registry's
	Optional  bool     // the step works without it, and says what it does not know
}

// Rules are all rights that the options ask for. It fails if they contradict each
// other.
func Rules(o Options) ([]Rule, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	var all []Rule
	if o.Step != GC {
		all = append(all, images(o)...)
	}
	if o.Step == GC {
		all = append(all, collection(o)...)
	}
	if o.Namespace != "" {
		for _, r := range registry {
			if !slices.ContainsFunc(all, r.within) {
				all = append(all, r)
			}
		}
	}
	if o.Files && o.Step != GC {
		all = append(all, Rule{Why: "read the registry's files: untagged manifests, sizes, times of pushes", Resources: []string{"pods/exec"}, Verbs: []string{"create", "get"}})
	}
	return all, nil
}

// within says whether wider grants all that r does.
func (r Rule) within(wider Rule) bool {
	lacks := func(all []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(all, s) }
	}
	return wider.Group == r.Group && len(wider.Names) == 0 &&
		!slices.ContainsFunc(r.Resources, lacks(wider.Resources)) && !slices.ContainsFunc(r.Verbs, lacks(wider.Verbs))
}

// forSteps is the hint for who names no step.
const forSteps = "use --for plan, --for apply or --for gc"

func (o Options) check() error {
	switch {
	case o.Step == "":
		return hint.With(errors.New("listing rights: what they are for is not given"), forSteps)
	case !slices.Contains([]Step{Plan, Apply, GC}, o.Step):
		return hint.With(fmt.Errorf("listing the rights for %q: there is no such step", o.Step), forSteps)
	case o.Step == GC && (o.Namespace == "" || o.Workload.Name == ""):
		return errors.New("listing the rights for a garbage collection: it needs the registry's namespace and workload")
	case o.Files && o.Namespace == "":
		return errors.New("listing the rights for the registry's files: they need its namespace")
	case o.Step == GC && resourceOf(o.Workload.Kind) == "":
		return fmt.Errorf("listing the rights for a garbage collection: a %s cannot be restarted", o.Workload.Kind)
	}
	return nil
}

// images are the rights to see which images are in use. One that is missing could hide
// an image that is needed, so none of them is optional.
func images(o Options) []Rule {
	all := []Rule{
		{Why: "images of pods and of what makes them", Resources: []string{"pods", "replicationcontrollers", "podtemplates"}},
		{Why: "images of workloads and of the revisions that they can go back to", Group: "apps",
			Resources: []string{"deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"}},
		{Why: "images of jobs", Group: "batch", Resources: []string{"jobs", "cronjobs"}},
		{Why: "images of Helm's releases: the API server cannot limit this to Helm's own secrets", Resources: []string{"secrets", "configmaps"}},
	}
	if o.Deep {
		all = append(all, Rule{Why: "images that any object mentions", Resources: []string{"limitranges", "namespaces", "nodes", "persistentvolumeclaims",
			"persistentvolumes", "resourcequotas", "serviceaccounts", "services"}})
		for _, group := range []string{"admissionregistration.k8s.io", "autoscaling", "networking.k8s.io", "policy"} {
			all = append(all, Rule{Why: "images that any object mentions", Group: group, Resources: []string{"*"}})
		}
	}
	for _, group := range o.Groups {
		all = append(all, Rule{Why: "images that custom resources name", Group: group, Resources: []string{"*"}})
	}
	for i := range all {
		all[i].Verbs, all[i].Cluster = []string{"list"}, true
	}
	nodes := Rule{Why: "addresses of nodes, by which node ports are named", Resources: []string{"nodes"}, Verbs: []string{"list"}, Cluster: true, Optional: true}
	if !slices.ContainsFunc(all, nodes.within) {
		all = append(all, nodes)
	}
	all = append(all, Rule{Why: "tell this cluster from others, so that a plan is not applied to a namesake", Resources: []string{"namespaces"}, Verbs: []string{"get"},
		Names: []string{"kube-system"}, Cluster: true, Optional: true})
	return append(all, Rule{Why: "the registry that the cluster announces", Resources: []string{"configmaps"}, Verbs: []string{"get"},
		Names: []string{"local-registry-hosting"}, Cluster: true, Optional: true})
}

// registry are the rights to find the registry in its namespace and to reach it.
var registry = []Rule{
	{Why: "find the registry's pods", Resources: []string{"pods", "services"}, Verbs: []string{"get", "list"}},
	{Why: "find the registry's pods", Group: "discovery.k8s.io", Resources: []string{"endpointslices"}, Verbs: []string{"list"}},
	{Why: "reach the registry", Resources: []string{"pods/portforward"}, Verbs: []string{"create", "get"}},
	{Why: "find the registry's workload", Resources: []string{"replicationcontrollers"}, Verbs: []string{"list"}, Optional: true},
	{Why: "find the registry's workload", Group: "apps", Resources: []string{"deployments", "statefulsets", "daemonsets"}, Verbs: []string{"list"}, Optional: true},
	{Why: "the registry's settings", Resources: []string{"configmaps"}, Verbs: []string{"get"}, Optional: true},
	{Why: "the registry's storage", Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get"}, Optional: true},
	{Why: "other garbage collections", Group: "batch", Resources: []string{"cronjobs"}, Verbs: []string{"list"}, Optional: true},
	{Why: "names of the registry", Group: "networking.k8s.io", Resources: []string{"ingresses"}, Verbs: []string{"list"}, Optional: true},
	{Why: "names of the registry", Group: "gateway.networking.k8s.io", Resources: []string{"httproutes"}, Verbs: []string{"list"}, Optional: true},
	{Why: "what scales the registry", Group: "autoscaling", Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"list"}, Optional: true},
}

// collection are the rights to collect garbage: to run the server's own command, to
// switch the registry to read-only and back, and to see what else writes to its storage.
// Whoever may not see that does not know that there is nothing.
func collection(o Options) []Rule {
	return []Rule{
		{Why: "run the garbage collection, and measure", Resources: []string{"pods/exec"}, Verbs: []string{"create", "get"}},
		{Why: "make the registry read-only meanwhile", Group: "apps", Resources: []string{resourceOf(o.Workload.Kind)}, Verbs: []string{"get", "patch"}, Names: []string{o.Workload.Name}},
		{Why: "find the workload of a pod", Group: "apps", Resources: []string{"replicasets"}, Verbs: []string{"get"}},
		{Why: "what else writes to the storage", Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get"}},
		{Why: "what else writes to the storage", Group: "batch", Resources: []string{"cronjobs"}, Verbs: []string{"list"}},
		{Why: "what else writes to the storage", Group: "autoscaling", Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"list"}},
	}
}

// resourceOf is the plural of a kind whose pods a change of its template replaces, ""
// if it is none.
func resourceOf(kind resolve.Kind) string {
	switch kind {
	case resolve.Deployment, resolve.StatefulSet, resolve.DaemonSet:
		return string(kind) + "s"
	}
	return ""
}
