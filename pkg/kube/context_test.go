package kube_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
)

func TestForAnotherContext(t *testing.T) {
	f, _ := flags(t, "https://127.0.0.1:1", "--as=jane", "--request-timeout=7s", "--context=bare")
	g := f.For("staging")
	cfg, err := g.Config()
	if err != nil {
		t.Fatal(err)
	}
	ns, err := g.Namespace()
	if err != nil || ns != "team-a" || cfg.BearerToken != "sesame" {
		t.Errorf("namespace %q (%v): not the one of the other context", ns, err)
	}
	if cfg.Impersonate.UserName != "jane" || cfg.Timeout.String() != "7s" {
		t.Errorf("user %q, timeout %s: the other flags are lost", cfg.Impersonate.UserName, cfg.Timeout)
	}
	if name, err := f.ContextName(); name != "bare" || err != nil {
		t.Errorf("the first flags' context became %q (%v)", name, err)
	}
	if ns, err := f.Namespace(); ns != "default" || err != nil {
		t.Errorf("the first flags' namespace became %q (%v)", ns, err)
	}
	if n, _ := flags(t, "https://127.0.0.1:1", "-n=prod"); true {
		if ns, err := n.For("staging").Namespace(); ns != "prod" || err != nil {
			t.Errorf("-n is lost: namespace %q (%v)", ns, err)
		}
	}
}

func TestContexts(t *testing.T) {
	f, _ := flags(t, "https://127.0.0.1:1")
	got, err := f.Contexts()
	if err != nil || !slices.Equal(got, []string{"bare", "staging"}) {
		t.Errorf("contexts %q (%v)", got, err)
	}
	for typed, want := range map[string]string{"stagin": "did you mean staging?", "stag": "did you mean staging?", "staginng": "did you mean staging?", "production": "'kubectl config"} {
		_, err := f.For(typed).Config()
		if err == nil || !strings.HasPrefix(hint.Of(err), want) {
			t.Errorf("context %q: error %v, hint %q; want %q", typed, err, hint.Of(err), want)
		}
	}
}

func TestFixedCluster(t *testing.T) {
	for arg, want := range map[string]string{"--server=https://h": "--server", "--cluster=c": "--cluster", "--user=u": ""} {
		f, _ := flags(t, "https://127.0.0.1:1", arg)
		if got := f.FixedCluster(); got != want {
			t.Errorf("%s: fixed by %q, want %q", arg, got, want)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"-n=prod", "--request-timeout=3s"}, ""},
		{[]string{"--context=it's prod", "--as=jane", "--as-group=a", "--as-group=b c"}, `--context 'it'\''s prod' --as jane --as-group a --as-group 'b c'`},
		{[]string{"--kubeconfig=/k/c", "--server=https://h:1", "--token=sesame"}, `--kubeconfig /k/c --server https://h:1 --token "$TOKEN"`},
		{[]string{"--insecure-skip-tls-verify", "--cluster=$c", "--user=u"}, `--cluster '$c' --user u --insecure-skip-tls-verify`},
	} {
		f, _ := flags(t, "", tc.args...)
		if got := strings.Join(f.Args(), " "); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.args, got, tc.want)
		}
	}
	if got := strings.Join(func() []string { f, _ := flags(t, ""); return f.For("east").Args() }(), " "); got != "--context east" {
		t.Errorf("flags of a context: %s", got)
	}
	if got := kube.Quote(""); got != "''" {
		t.Errorf("an empty word is written %s", got)
	}
}

func TestClientKnowsItsFlags(t *testing.T) {
	f, _ := flags(t, "https://127.0.0.1:1", "--context=staging")
	client, err := f.Client()
	if err != nil {
		t.Fatal(err)
	}
	if got := client.ConnectionArgs(); !slices.Equal(got, []string{"--context", "staging"}) {
		t.Errorf("the client knows %q", got)
	}
}
