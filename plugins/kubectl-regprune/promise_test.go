package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

func img(i int, labels map[string]string) registrytest.Image {
	return registrytest.Image{Layers: [][]byte{registrytest.Layer("base", 1000), registrytest.Layer(fmt.Sprint("l", i), 500)}, Created: day(i), Labels: labels}
}

// TestProtectedByLabel: a label is in the config, which nobody reads for its date where the
// files tell when an image was pushed.
func TestProtectedByLabel(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		home(t)
		w := start(t, v, registrytest.Options{})
		w.server.Push("shop/web", img(1, map[string]string{"regprune.kubectl-suite.dev/protect": "true"}), "1")
		for i := 2; i < 6; i++ {
			w.server.Push("shop/web", img(i, nil), fmt.Sprint(i))
		}
		past(t, w.server.Root)
		w.cluster.Put(consumer("shop", "web-0", "localhost:32000/shop/web:5"))
		o := must(t, 0, w.args("--keep-number", ">=3", "--tags")...)
		if !strings.Contains(o.out, "protected") {
			t.Error("the protected image goes")
		}
	})
}

// TestSameContextOfAnotherCluster: kubeconfigs of k3s and kubeadm call their contexts the
// same.
func TestSameContextOfAnotherCluster(t *testing.T) {
	home(t)
	var ws []*world
	for n := range 2 {
		w := start(t, registrytest.V2, registrytest.Options{})
		for i := 1; i < 6-3*n; i++ { // the second has 1 and 2 only
			w.server.Push("shop/web", img(i, nil), fmt.Sprint(i))
		}
		w.server.Push("other", img(9, nil), "1", "9")
		past(t, w.server.Root)
		w.cluster.Put(consumer("shop", "web-0", "localhost:32000/other:1"))
		w.cluster.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: types.UID(fmt.Sprint("cluster-", n))}})
		kubeconfig(t, w.config, map[string]string{"default": w.address})
		ws = append(ws, w)
	}
	o := must(t, 0, ws[0].args("--repo", "shop/web", "--keep-last", "2", "--max-delete", "100%", "-o", "json")...)
	file := filepath.Join(t.TempDir(), "plan.json")
	os.WriteFile(file, []byte(o.out), 0o600)
	r := regprune(t.Context(), t, ws[1].args("apply", file, "--yes")...)
	if r.code != 2 || !strings.Contains(r.errOut, "another cluster") {
		t.Errorf("a plan of one cluster is applied to another: %s", r)
	}
}

// An index that only the server understands, and --untagged.
func TestIndexThatMakesNoSense(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		home(t)
		w := start(t, v, registrytest.Options{})
		c := img(1, nil).Build()
		w.server.Push("shop/web", c)
		w.server.Push("shop/web", img(2, nil), "2")
		body := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","subject":{},"manifests":[{"mediaType":"%s","digest":"%s","size":%d}]}`, c.MediaType, c.Digest, len(c.Body)))
		if err := w.server.PushManifest("shop/web", "latest", registry.Manifest{MediaType: registry.OCIIndex, Digest: registry.Digest(body), Body: body}); err != nil {
			t.Fatal(err)
		}
		past(t, w.server.Root)
		w.cluster.Put(consumer("shop", "web-0", "localhost:32000/shop/web:latest"))
		regprune(t.Context(), t, w.args("apply", "--keep", "*", "--untagged", "--yes")...)
		if r, _ := w.server.Do("GET", "/v2/shop/web/manifests/"+c.Digest, 0, nil, "Accept", c.MediaType); r.StatusCode != 200 {
			t.Errorf("the child of latest, which runs, is gone: %d", r.StatusCode)
		}
	})
}

// A plan names its own URL; the password of the environment goes there.
func TestPasswordStaysAtHome(t *testing.T) {
	home(t)
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("app", img(1, nil), "1", "2")
	o := must(t, 0, "--registry", s.URL, "--no-cluster", "--delete", "2", "--min-age", "0", "-o", "json", "--max-delete", "100%")
	got := make(chan string, 10)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			select {
			case got <- a:
			default:
			}
		}
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("Www-Authenticate", `Basic realm="x"`)
		w.WriteHeader(401)
		io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`)
	}))
	defer evil.Close()
	file := filepath.Join(t.TempDir(), "plan.json")
	os.WriteFile(file, []byte(strings.ReplaceAll(o.out, s.URL, evil.URL)), 0o600)
	t.Setenv("REGPRUNE_PASSWORD", "p4ss-of-the-real-registry")
	if r := regprune(t.Context(), t, "apply", file, "--yes", "--username", "me"); r.code != 2 {
		t.Errorf("a login for a URL of a file: %s", r)
	}

	select {
	case a := <-got:
		t.Errorf("%s", a)
	case <-time.After(time.Second):
	}
}

// TestBrokenPipe: "kubectl regprune gc 2>&1 | head -3" must not leave the registry
// read-only.
func TestBrokenPipe(t *testing.T) {
	dir := home(t)
	w := start(t, registrytest.V2, registrytest.Options{})
	for i := 1; i < 5; i++ {
		w.server.Push("shop/web", img(i, nil), fmt.Sprint(i))
	}
	if _, err := w.server.Do("DELETE", "/v2/shop/web/manifests/"+img(2, nil).Build().Digest, 202, nil); err != nil {
		t.Fatal(err)
	}
	past(t, w.server.Root)
	cmd := exec.Command("kubectl-regprune", w.args("gc", "--yes")...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	lines := bufio.NewScanner(r)
	for n := 0; n < 3 && lines.Scan(); n++ {
		t.Log(lines.Text())
	}
	r.Close()
	err = cmd.Wait()
	w.site.mu.Lock()
	defer w.site.mu.Unlock()
	if env := w.site.env(); len(env) > 0 || w.site.deployment.Annotations[collect.Annotation] != "" {
		t.Errorf("it ended with %v, and left the registry with %v and %v", err, env, w.site.deployment.Annotations)
	}
}
