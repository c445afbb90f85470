package kubetest

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// Kind is a kind of objects that Kubernetes does not have by itself, as a
// CustomResourceDefinition or an aggregated API adds it.
type Kind struct {
	schema.GroupVersionKind
	Resource      string   // in the plural; guessed if it is empty
	ClusterScoped bool     // lives outside namespaces
	Verbs         []string // that discovery tells; get and list if it is empty
}

// Define adds kinds to what discovery tells. A namespaced kind that is put is
// known without that.
func (s *Server) Define(kinds ...Kind) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, k := range kinds {
		if s.store.defined == nil {
			s.store.defined = map[schema.GroupVersionKind]Kind{}
		}
		s.store.defined[k.GroupVersionKind] = k
		s.store.learn(k.GroupVersionKind)
	}
}

// scopeless reports whether a kind lives outside namespaces. The caller holds the
// lock.
func (st *store) scopeless(gvk schema.GroupVersionKind) bool {
	if k, ok := st.defined[gvk]; ok {
		return k.ClusterScoped
	}
	return clusterScoped[gvk.Kind]
}

// described is how discovery tells of a kind.
func (st *store) described(gvr schema.GroupVersionResource, gvk schema.GroupVersionKind) (namespaced bool, verbs metav1.Verbs) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	verbs = metav1.Verbs{"get", "list"}
	if k := st.defined[gvk]; len(k.Verbs) > 0 {
		verbs = k.Verbs
	}
	return !st.scopeless(gvk), verbs
}

// apiGroups are the groups with a name, each with its most stable version first.
func (st *store) apiGroups() []metav1.APIGroup {
	var groups []metav1.APIGroup
	for _, gv := range st.groupVersions() {
		if gv.Group == "" {
			continue
		}
		v := metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
		if n := len(groups); n > 0 && groups[n-1].Name == gv.Group {
			groups[n-1].Versions = append(groups[n-1].Versions, v)
			continue
		}
		groups = append(groups, metav1.APIGroup{Name: gv.Group, Versions: []metav1.GroupVersionForDiscovery{v}})
	}
	for i := range groups {
		g := &groups[i]
		slices.SortFunc(g.Versions, func(a, b metav1.GroupVersionForDiscovery) int {
			return -version.CompareKubeAwareVersionStrings(a.Version, b.Version)
		})
		g.PreferredVersion = g.Versions[0]
	}
	return groups
}
