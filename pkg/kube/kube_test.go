package kube_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: staging
clusters:
- {name: c, cluster: {server: "SERVER"}}
users:
- {name: token, user: {token: sesame}}
- name: helper
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, interactiveMode: IfAvailable}}
contexts:
- {name: staging, context: {cluster: c, user: token, namespace: team-a}}
- {name: bare, context: {cluster: c, user: helper}}
`

// flags parses args over a home directory that holds only the given kubeconfig.
func flags(t *testing.T, server string, args ...string) (*kube.Flags, *bytes.Buffer) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("KUBERC", "off")
	path := filepath.Join(home, "config")
	t.Setenv("KUBECONFIG", path)
	if server != "" {
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(kubeconfig, "SERVER", server)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var warnings bytes.Buffer
	f := kube.NewFlags("kubectl-x/v1", &warnings)
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	f.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f, &warnings
}

func TestNamespaceAndContext(t *testing.T) {
	for _, tc := range []struct {
		args          string
		ns, ctx, fail string
	}{
		{args: "", ns: "team-a", ctx: "staging"},
		{args: "-n=prod", ns: "prod", ctx: "staging"},
		{args: "--context=bare", ns: "default", ctx: "bare"},
		{args: "--context=nope", ctx: "nope", fail: "nope"},
	} {
		f, _ := flags(t, "https://127.0.0.1:1", strings.Fields(tc.args)...)
		ns, err := f.Namespace()
		if tc.fail != "" {
			if _, err := f.Config(); err == nil || !strings.Contains(err.Error(), tc.fail) || hint.Of(err) == "" {
				t.Errorf("%q: Config error = %v (hint %q), want one about %q with a hint", tc.args, err, hint.Of(err), tc.fail)
			}
			continue
		}
		ctx, err2 := f.ContextName()
		if err != nil || err2 != nil || ns != tc.ns || ctx != tc.ctx {
			t.Errorf("%q: namespace %q context %q (%v, %v), want %q %q", tc.args, ns, ctx, err, err2, tc.ns, tc.ctx)
		}
	}
}

func TestRequestsCarryTheUser(t *testing.T) {
	var got http.Header
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Warning", `299 - "this API is old"`)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}`))
	}))
	defer server.Close()
	f, warnings := flags(t, server.URL, "--insecure-skip-tls-verify", "--as=jane", "--as-group=ops", "--request-timeout=7s")
	client, err := f.Client()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Pods("x").Get(t.Context(), "p", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if got.Get("Impersonate-User") != "jane" || got.Get("Impersonate-Group") != "ops" || got.Get("Authorization") != "Bearer sesame" {
		t.Errorf("request headers lack the user: impersonate %q %q", got.Get("Impersonate-User"), got.Get("Impersonate-Group"))
	}
	if agent := got.Get("User-Agent"); !strings.HasPrefix(agent, "kubectl-x/v1 (") {
		t.Errorf("User-Agent = %q", agent)
	}
	if !strings.Contains(warnings.String(), "this API is old") {
		t.Errorf("the server's warning is lost: %q", warnings)
	}
	cfg, _ := f.Config()
	if cfg.Timeout.String() != "7s" || cfg.QPS >= 0 {
		t.Errorf("timeout %s, QPS %v; want 7s and no client-side throttling", cfg.Timeout, cfg.QPS)
	}
}

func TestCredentialPluginPolicyOfKubercIsHonoured(t *testing.T) {
	f, _ := flags(t, "https://127.0.0.1:1", "--context=bare")
	rc := filepath.Join(t.TempDir(), "kuberc")
	if err := os.WriteFile(rc, []byte("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERC", rc)
	f.StdinInUse = true
	cfg, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.ExecProvider.PluginPolicy.PolicyType; got != clientcmdapi.PluginPolicyDenyAll {
		t.Errorf("policy = %q, want DenyAll", got)
	}
	if !cfg.ExecProvider.StdinUnavailable {
		t.Error("the credential plugin may read stdin though the command does")
	}
}

func TestNoKubeconfig(t *testing.T) {
	f, _ := flags(t, "")
	if _, err := f.Config(); err == nil || hint.Of(err) == "" {
		t.Errorf("error = %v, hint %q; want both", err, hint.Of(err))
	}
	f, _ = flags(t, "", "--kubeconfig=/does/not/exist")
	if _, err := f.Config(); err == nil || !strings.Contains(err.Error(), "/does/not/exist") || hint.Of(err) == "" {
		t.Errorf("error = %v, hint %q; want the file's name and a hint", err, hint.Of(err))
	}
}
