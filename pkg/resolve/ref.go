package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Kind is the type of thing that a [Ref] names, in kubectl's singular form.
type Kind string

// The kinds that stand for pods.
const (
	Pod                   Kind = "pod"
	Deployment            Kind = "deployment"
	ReplicaSet            Kind = "replicaset"
	StatefulSet           Kind = "statefulset"
	DaemonSet             Kind = "daemonset"
	Job                   Kind = "job"
	CronJob               Kind = "cronjob"
	ReplicationController Kind = "replicationcontroller"
	Service               Kind = "service"
)

// kinds are the names under which kubectl knows the built-in kinds. Asking the
// cluster instead would cost discovery requests on each run.
var kinds = []struct {
	kind  Kind
	group string
	short string
}{
	{Pod, "", "po"},
	{Deployment, "apps", "deploy"},
	{StatefulSet, "apps", "sts"},
	{DaemonSet, "apps", "ds"},
	{ReplicaSet, "apps", "rs"},
	{Job, "batch", ""},
	{CronJob, "batch", "cj"},
	{Service, "", "svc"},
	{ReplicationController, "", "rc"},
}

// Ref names one thing, "deployment/web".
type Ref struct {
	Kind Kind
	Name string
}

func (r Ref) String() string { return string(r.Kind) + "/" + r.Name }

// ParseRef reads an argument as kubectl writes it: POD, or TYPE/NAME with the
// type in its singular, plural or short form and optionally with its group, as
// in deployments.apps/web.
func ParseRef(arg string) (Ref, error) {
	typ, name, slash := strings.Cut(arg, "/")
	if !slash {
		typ, name = string(Pod), arg
	}
	if name == "" || strings.ContainsAny(name, "/ \t\n") {
		return Ref{}, fmt.Errorf("reading target %q: want POD or TYPE/NAME", arg)
	}
	kind, err := parseKind(typ)
	if err != nil {
		return Ref{}, fmt.Errorf("reading target %q: %w", arg, err)
	}
	return Ref{kind, name}, nil
}

func parseKind(typ string) (Kind, error) {
	resource, group, qualified := strings.Cut(strings.ToLower(typ), ".")
	for _, k := range kinds {
		names := []string{string(k.kind), string(k.kind) + "s", k.short}
		if resource == "" || !slices.Contains(names, resource) {
			continue
		}
		if !qualified || group == k.group || strings.HasSuffix(group, "."+k.group) || k.group == "" && !strings.Contains(group, ".") {
			return k.kind, nil
		}
	}
	return "", hint.With(fmt.Errorf("type %q does not stand for pods", typ), "types are: "+kindNames())
}

func kindNames() string {
	var names []string
	for _, k := range kinds {
		name := k.short
		if name == "" {
			name = string(k.kind)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
