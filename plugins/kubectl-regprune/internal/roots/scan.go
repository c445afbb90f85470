package roots

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// scan looks through the objects of one kind.
type scan struct {
	*reader
	of      resource
	found   *collector
	charts  map[[32]byte]*document
	objects int
	deep    deepScan
	problem error // the first object that could not be understood
}

func newScan(r *reader, of resource) *scan {
	return &scan{
		reader: r, of: of, found: newCollector(r.context), charts: map[[32]byte]*document{},
		deep: deepScan{hosts: r.Hosts, known: r.known, secret: of.name() == "secrets", templates: map[string]bool{}},
	}
}

// visit takes one object. What cannot be understood does not keep the others from
// being read: the user may allow the kind to be incomplete.
func (s *scan) visit(raw []byte) error {
	s.objects++
	if s.known == nil && s.of.labels == "" && !bytes.Contains(raw, []byte("image")) && !deploys(raw) {
		return nil // and so are most objects of most kinds
	}
	var object unstructured.Unstructured
	if err := json.Unmarshal(raw, &object.Object); err != nil {
		return fmt.Errorf("parsing an object: %w", err)
	}
	if err := s.object(&object); err != nil && s.problem == nil {
		s.problem = fmt.Errorf("reading %q in namespace %q: %w", object.GetName(), object.GetNamespace(), err)
	}
	return nil
}

// deploys reports whether an object may have artifacts that are no images.
func deploys(raw []byte) bool {
	return slices.ContainsFunc(mayDeploy, func(part string) bool { return bytes.Contains(raw, []byte(part)) })
}

func (s *scan) object(object *unstructured.Unstructured) error {
	w := &walker{site: Site{Kind: s.of.kind, Namespace: object.GetNamespace(), Name: object.GetName()}, add: s.found.add}
	if s.known != nil {
		w.deep = &s.deep
	}
	switch s.of.name() {
	case "secrets", "configmaps":
		if isRelease(object, s.of.name()) {
			return s.release(object, w)
		}
		if w.deep != nil {
			w.encoded(object.Object)
		}
		return nil
	case "nodes":
		if s.NodeImages {
			nodeImages(object.Object, w)
		}
		delete(object.Object, "status") // otherwise a text like any other for a deep scan
	case "pods":
		podStatus(object.Object, w)
	}
	w.site.Why = why(s.of.name(), object)
	w.object(object.Object)
	return nil
}

// why is the reason that the specifications of an object's pods are reasons.
func why(resource string, object *unstructured.Unstructured) string {
	switch resource {
	case "controllerrevisions.apps":
		return Rollback // the current one has its owner say so, and its pods
	case "replicasets.apps", "replicationcontrollers":
		// What no pod runs is there for a rollback. The current one of a workload that
		// is scaled to zero is named by the workload itself.
		replicas, _, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", "replicas")
		if replicas == float64(0) && len(object.GetOwnerReferences()) > 0 {
			return Rollback
		}
	}
	return InUse
}
