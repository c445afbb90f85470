package kubetest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", s.version)
	mux.HandleFunc("GET /api", s.discoverCore)
	mux.HandleFunc("GET /apis", s.discoverGroups)
	mux.HandleFunc("GET /api/{version}", s.discover)
	mux.HandleFunc("GET /apis/{group}/{version}", s.discover)
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", s.selfSubjectAccessReview)
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews", s.selfSubjectRulesReview)
	for _, prefix := range []string{"/api/{version}", "/apis/{group}/{version}"} {
		mux.HandleFunc("GET "+prefix+"/{resource}", s.list)
		mux.HandleFunc("GET "+prefix+"/{resource}/{name}", s.get)
		mux.HandleFunc("GET "+prefix+"/namespaces/{namespace}/{resource}", s.list)
		mux.HandleFunc("GET "+prefix+"/namespaces/{namespace}/{resource}/{name}", s.get)
	}
	mux.HandleFunc("PUT /api/v1/namespaces/{namespace}/pods/{name}/ephemeralcontainers", s.updateEphemeral)
	mux.HandleFunc("/api/v1/namespaces/{namespace}/pods/{name}/exec", s.exec)
	mux.HandleFunc("/api/v1/namespaces/{namespace}/pods/{name}/portforward", s.portForward)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	})
	return mux
}

func resourceOf(r *http.Request) schema.GroupVersionResource {
	return schema.GroupVersionResource{
		Group: r.PathValue("group"), Version: r.PathValue("version"), Resource: r.PathValue("resource"),
	}
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	gvr, name := resourceOf(r), r.PathValue("name")
	if !s.allow(w, "get", gvr.GroupResource(), r.PathValue("namespace"), name) {
		return
	}
	u, ok := s.store.get(objectKey{gvr, r.PathValue("namespace"), name})
	if !ok {
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found", gvr.GroupResource(), name))
		return
	}
	writeJSON(w, http.StatusOK, u)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	gvr, namespace, q := resourceOf(r), r.PathValue("namespace"), r.URL.Query()
	gvk, ok := s.store.kind(gvr)
	if !ok {
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	if !s.allow(w, "list", gvr.GroupResource(), namespace, "") {
		return
	}
	match, err := selector(q.Get("labelSelector"), q.Get("fieldSelector"))
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	items, revision := s.store.list(gvr, namespace)
	items = slices.DeleteFunc(items, func(u *unstructured.Unstructured) bool { return !match(u) })
	page, meta, err := paginate(items, q.Get("limit"), q.Get("continue"))
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	meta["resourceVersion"] = strconv.Itoa(revision)
	objects := make([]any, 0, len(page))
	for _, u := range page {
		objects = append(objects, u.Object)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"apiVersion": gvk.GroupVersion().String(), "kind": gvk.Kind + "List", "metadata": meta, "items": objects,
	})
}

// paginate cuts the page after the object that token names. A token names the
// last object seen, so that objects that come and go do not shift pages.
func paginate(items []*unstructured.Unstructured, limit, token string) ([]*unstructured.Unstructured, map[string]any, error) {
	meta := map[string]any{}
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return nil, nil, fmt.Errorf("continue key is not valid: %w", err)
		}
		items = slices.DeleteFunc(items, func(u *unstructured.Unstructured) bool { return pageKey(u) <= string(last) })
	}
	n, err := strconv.Atoi(limit)
	if limit != "" && (err != nil || n < 0) {
		return nil, nil, fmt.Errorf("limit %q is not valid", limit)
	}
	if n > 0 && len(items) > n {
		meta["remainingItemCount"] = len(items) - n
		items = items[:n]
		meta["continue"] = base64.RawURLEncoding.EncodeToString([]byte(pageKey(items[n-1])))
	}
	return items, meta, nil
}

func pageKey(u *unstructured.Unstructured) string { return u.GetNamespace() + "\x00" + u.GetName() }

func selector(label, field string) (func(*unstructured.Unstructured) bool, error) {
	ls, err := labels.Parse(label)
	if err != nil {
		return nil, fmt.Errorf("unable to parse requirement: %w", err)
	}
	fs, err := fields.ParseSelector(field)
	if err != nil {
		return nil, fmt.Errorf("invalid field selector: %w", err)
	}
	return func(u *unstructured.Unstructured) bool {
		return ls.Matches(labels.Set(u.GetLabels())) && fs.Matches(fieldsOf(u.Object))
	}, nil
}

// fieldsOf makes every scalar of an object selectable by its path. Real servers
// allow a few fields only; which ones is not this package's business.
type fieldsOf map[string]any

func (f fieldsOf) Has(path string) bool { return f.Get(path) != "" }

func (f fieldsOf) Get(path string) string {
	v, found, err := unstructured.NestedFieldNoCopy(f, strings.Split(path, ".")...)
	if err != nil || !found {
		return ""
	}
	return fmt.Sprint(v)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	//nolint:errcheck // the client is gone, and nobody is left to tell
	w.Write(data)
}

func writeStatus(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	writeJSON(w, code, &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Reason: reason, Message: message, Code: int32(code), // an HTTP code
	})
}
