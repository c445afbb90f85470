package main

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest/scripttest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// TestScripts runs the real command against real registries, of version 3 in scripts
// whose name begins with v3. Each has a cluster of its own with the namespaces
//
//	images  the registry that fill describes
//	locked  one that wants a login, which a pull secret beside it has
//	secure  one that speaks TLS with a certificate for its Service, of the CA in $CA
//	shop    what uses describes
//
// and those of lookalikes; and the context "other" of a second cluster, with a pod that
// uses shop/web:3.
func TestScripts(t *testing.T) {
	home(t)
	locked := registrytest.Start(t, registrytest.V2, registrytest.Options{Auth: registrytest.Basic})
	locked.Push("app", registrytest.Image{Created: day(1)}, "1", "2")
	past(t, locked.Root)
	secure, secureAddr, ca := startSecure(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			v := registrytest.V2
			if strings.Contains(filepath.Base(env.WorkDir), "-v3") {
				v = registrytest.V3
			}
			w, content := scene(t, v)
			newSite(w.cluster, "locked", locked, locked.Addr)
			newSite(w.cluster, "secure", secure, secureAddr)
			return setup(env, w, content, map[string]string{"CA": ca, "LOCKED": locked.URL})
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"deny": scripttest.Deny(cluster), "code": code, "requests": scripttest.Requests(cluster),
		},
	})
}

// startSecure is a registry behind TLS for the name of its Service.
func startSecure(t *testing.T) (s *registrytest.Server, addr, ca string) {
	t.Helper()
	s = registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("app", registrytest.Image{Created: day(1)}, "1", "2")
	past(t, s.Root)
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := newCertificate("registry.secure.svc")
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }})
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	front.Config.ErrorLog = discard
	front.StartTLS()
	t.Cleanup(front.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, front.Listener.Addr().String(), ca
}

type serverKey struct{}

// scene is the cluster of a script, but for the registries that scripts share.
func scene(t *testing.T, v registrytest.Version) (*world, *content) {
	server := registrytest.Start(t, v, registrytest.Options{})
	c := fill(t, server)
	w := newWorld(t, server, server.Addr)
	w.cluster.Put(uses(c)...)
	w.cluster.Put(lookalikes()...)
	w.cluster.Put(pullSecret("locked", "registry.locked.svc:5000"), consumer("shop", "locked", "registry.locked.svc:5000/app:1"))
	return w, c
}

// setup gives a script its environment.
func setup(env *testscript.Env, w *world, c *content, more map[string]string) error {
	other, err := kubetest.New(kubetest.Options{Token: kubeToken, Objects: []runtime.Object{consumer("default", "x", "example.net/shop/web:3")}})
	if err != nil {
		return err
	}
	env.Defer(other.Close)
	config := filepath.Join(env.WorkDir, "kubeconfig")
	if err := writeKubeconfig(config, map[string]string{"here": w.address, "other": other.URL()}); err != nil {
		return err
	}
	env.Values[serverKey{}] = w.cluster
	for name, value := range map[string]string{
		"KUBECONFIG": config, "HOME": env.WorkDir, "KUBERC": "off", "URL": w.server.URL, "ADDR": w.server.Addr, "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "",
		"PASSWORD": registrytest.Password, "WEB1": c.web[1].Digest, "WEB2": c.web[2].Digest, "MULTI1": c.multi[1].Digest,
	} {
		env.Setenv(name, value)
	}
	for name, value := range more {
		env.Setenv(name, value)
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "password"), []byte(registrytest.Password+"\n"), 0o600)
}

func cluster(ts *testscript.TestScript) *kubetest.Server {
	return ts.Value(serverKey{}).(*kubetest.Server)
}

// code is scripttest's, and sees to it that no output shows a secret.
func code(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Code(ts, neg, args)
	if secret := leak(ts.ReadFile("stdout") + ts.ReadFile("stderr")); secret != "" {
		ts.Fatalf("the output shows the secret %q", secret)
	}
}
