package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// world is a cluster with a registry in the namespace images, to be used by the real
// command through a kubeconfig.
type world struct {
	cluster *kubetest.Server
	site    *site
	server  *registrytest.Server
	config  string // the kubeconfig
	address string // of the API server
}

// newWorld starts a cluster whose registry is server, by way of address.
func newWorld(t *testing.T, server *registrytest.Server, address string) *world {
	t.Helper()
	c := kubetest.Start(t, kubetest.Options{Token: kubeToken})
	w := &world{cluster: c, server: server, site: newSite(c, "images", server, address), config: filepath.Join(t.TempDir(), "kubeconfig")}
	c.Define(kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}})
	front := httptest.NewTLSServer(w.front(t))
	t.Cleanup(front.Close)
	w.address = front.URL
	kubeconfig(t, w.config, map[string]string{"kubetest": front.URL})
	return w
}

// start is a world with a registry of a version that is there without detours.
func start(t *testing.T, v registrytest.Version, o registrytest.Options) *world {
	t.Helper()
	server := registrytest.Start(t, v, o)
	return newWorld(t, server, server.Addr)
}

// args are the arguments of a command about the registry.
func (w *world) args(args ...string) []string {
	return append(args, "--kubeconfig", w.config, "-n", "images")
}

// front is the API server with what kubetest lacks: Deployments can be patched.
func (w *world) front(t *testing.T) http.Handler {
	t.Helper()
	target, err := url.Parse(w.cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: w.cluster.RESTConfig().CAData, NextProtos: []string{"http/1.1"}}})
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: -1}
	path := "/apis/apps/v1/namespaces/" + w.site.namespace + "/deployments/" + w.site.name
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && r.URL.Path == path {
			w.patch(rw, r)
			return
		}
		proxy.ServeHTTP(rw, r)
	})
}

// patch answers when the pods are as the Deployment says.
func (w *world) patch(rw http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	resp, err := w.get(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err == nil {
		resp, err = patch.Apply(resp)
	}
	if err != nil {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusUnprocessableEntity)
		status := metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonInvalid, Message: err.Error(), Code: http.StatusUnprocessableEntity}
		_ = json.NewEncoder(rw).Encode(status) // the client has gone
		return
	}
	if err := w.site.change(resp); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(resp) // the client has gone
}

func (w *world) get(r *http.Request) ([]byte, error) {
	client, err := rest.HTTPClientFor(w.cluster.RESTConfig())
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, w.cluster.URL()+r.URL.Path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// kubeconfig writes contexts of one name and address each; the first in the order of
// their names is the current one.
func kubeconfig(t testing.TB, path string, contexts map[string]string) {
	t.Helper()
	if err := writeKubeconfig(path, contexts); err != nil {
		t.Fatal(err)
	}
}

func writeKubeconfig(path string, contexts map[string]string) error {
	cfg := clientcmdapi.NewConfig()
	cfg.AuthInfos["tester"] = &clientcmdapi.AuthInfo{Token: kubeToken}
	for name, server := range contexts {
		cfg.Clusters[name] = &clientcmdapi.Cluster{Server: server, InsecureSkipTLSVerify: true}
		cfg.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: "tester", Namespace: "default"}
	}
	cfg.CurrentContext = slices.Min(slices.Collect(maps.Keys(contexts)))
	return clientcmd.WriteToFile(*cfg, path)
}

// consumer makes a pod that uses an image.
func consumer(namespace, name, image string) *corev1.Pod {
	p := kubetest.Pod(namespace, name)
	p.Spec.Containers[0].Image, p.Status.ContainerStatuses[0].Image = image, image
	return p
}
