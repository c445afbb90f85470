package kubetest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, version.Info{
		Major: "1", Minor: fmt.Sprint(s.opts.Minor), GitVersion: fmt.Sprintf("v1.%d.0", s.opts.Minor), Platform: "linux/amd64",
	})
}

func (s *Server) discoverCore(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
}

func (s *Server) discoverGroups(w http.ResponseWriter, _ *http.Request) {
	list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: s.store.apiGroups()}
	writeJSON(w, http.StatusOK, list)
}

// shortNames are the abbreviations that users type.
var shortNames = map[string][]string{
	"pods": {"po"}, "services": {"svc"}, "configmaps": {"cm"}, "namespaces": {"ns"}, "nodes": {"no"},
	"deployments": {"deploy"}, "replicasets": {"rs"}, "statefulsets": {"sts"}, "daemonsets": {"ds"},
	"cronjobs": {"cj"}, "replicationcontrollers": {"rc"}, "ingresses": {"ing"}, "poddisruptionbudgets": {"pdb"},
}

func (s *Server) discover(w http.ResponseWriter, r *http.Request) {
	gv := schema.GroupVersion{Group: r.PathValue("group"), Version: r.PathValue("version")}
	list := metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String(),
	}
	for gvr, gvk := range s.store.allKinds() {
		if gvr.GroupVersion() != gv {
			continue
		}
		namespaced, verbs := s.store.described(gvr, gvk)
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: gvr.Resource, SingularName: strings.ToLower(gvk.Kind), Kind: gvk.Kind,
			Namespaced: namespaced, Verbs: verbs, ShortNames: shortNames[gvr.Resource],
		})
	}
	if gv.Group == "" {
		for _, sub := range []string{"exec", "portforward"} {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: "pods/" + sub, Kind: "Pod", Namespaced: true, Verbs: metav1.Verbs{"create", "get"},
			})
		}
	}
	if len(list.APIResources) == 0 {
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	slices.SortFunc(list.APIResources, func(a, b metav1.APIResource) int { return cmp.Compare(a.Name, b.Name) })
	writeJSON(w, http.StatusOK, list)
}

func (st *store) allKinds() map[schema.GroupVersionResource]schema.GroupVersionKind {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make(map[schema.GroupVersionResource]schema.GroupVersionKind, len(st.kinds))
	for gvr, gvk := range st.kinds {
		out[gvr] = gvk
	}
	return out
}

func (st *store) groupVersions() []schema.GroupVersion {
	seen := map[schema.GroupVersion]bool{{Group: "authorization.k8s.io", Version: "v1"}: true}
	for gvr := range st.allKinds() {
		seen[gvr.GroupVersion()] = true
	}
	out := make([]schema.GroupVersion, 0, len(seen))
	for gv := range seen {
		out = append(out, gv)
	}
	slices.SortFunc(out, func(a, b schema.GroupVersion) int { return cmp.Compare(a.String(), b.String()) })
	return out
}
