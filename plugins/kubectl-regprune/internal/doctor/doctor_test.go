package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
)

// getter asks a server of the test.
type getter string

func (g getter) Get(ctx context.Context, path string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(g)+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, body, err
}

func client(t *testing.T, address string) *registry.Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := registry.New(registry.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// healthy is a registry without any trouble, as locate would find it.
func healthy() *locate.Candidate {
	return &locate.Candidate{
		Namespace: "images", Service: "registry", Port: 5000, ContainerPort: 5000, Scheme: "http", Container: "registry", Image: "registry:3.1.1",
		Workload: resolve.Ref{Kind: resolve.Deployment, Name: "registry"}, Product: locate.Distribution, Version: "3.1.1", Replicas: 1, Strategy: "Recreate",
		Pods:     []locate.Pod{{Name: "registry-0", Ready: true}},
		Settings: locate.Settings{Driver: "filesystem", RootDirectory: "/var/lib/registry", Delete: locate.Yes, Cache: "inmemory", Proxy: locate.No, ReadOnly: locate.No, ReadOnlyBlock: locate.No},
		Storage:  locate.Storage{Kind: locate.PVCRWO, Claim: "images", Evidence: "a claim"},
		Aliases:  []string{"registry.images:5000"},
	}
}

func examine(t *testing.T, in Input) map[string]Check {
	t.Helper()
	report, err := Examine(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Check{}
	for _, c := range report.Checks {
		if c.ID == "" || c.State == "" || c.Evidence == "" || c.Why == "" || strings.ContainsAny(c.Evidence+c.Fix, "\n") || strings.Contains(c.Evidence+c.Fix, "%!") {
			t.Errorf("an incomplete check: %+v", c)
		}
		if _, twice := all[c.ID]; twice {
			t.Errorf("%s is there twice", c.ID)
		}
		all[c.ID] = c
	}
	if len(all) != len(checks) {
		t.Errorf("%d checks, want %d", len(all), len(checks))
	}
	return all
}

// TestRealServers: a healthy registry of either version has nothing to complain of,
// with its server, its files and its settings at hand.
func TestRealServers(t *testing.T) {
	exact := map[registrytest.Version]string{registrytest.V2: "2.8.2", registrytest.V3: "3.1.2"}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoMaintenance: true})
		s.Push("app", registrytest.Image{Layers: [][]byte{[]byte("layer")}}, "1")
		env := s.Environ() // what a command gets that does not have the server's own
		api := kubetest.Start(t, kubetest.Options{})
		access, err := kube.NewClient(api.RESTConfig())
		if err != nil {
			t.Fatal(err)
		}
		in := Input{Name: "it", Candidate: healthy(), Registry: client(t, s.URL), Repository: "app", HTTP: getter(s.URL), Access: access,
			Exec: disktest.OnlyProcess{Runner: disktest.Local{Env: env}, PID: s.PID()}}
		in.Candidate.ConfigPath = s.Config
		for id, c := range examine(t, in) {
			if c.State != OK {
				t.Errorf("%s is %s: %s", id, c.State, c.Evidence)
			}
		}
		if c := examine(t, in)["deletion-enabled"]; c.Evidence != "yes (tried on what does not exist: status 404)" {
			t.Errorf("%+v", c)
		}
		if c := examine(t, in)["version"]; !strings.Contains(c.Evidence, exact[v]) || !strings.Contains(c.Evidence, "as the program says") {
			t.Errorf("%+v", c)
		}
		// The server's own settings overrule what the cluster seemed to say.
		s.Restart(func(o *registrytest.Options) {
			o.Env = []string{"REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}"}
		})
		in.Exec = disktest.OnlyProcess{Runner: disktest.Local{Env: env}, PID: s.PID()}
		all := examine(t, in)
		for id, want := range map[string]State{"deletion-enabled": Fail, "read-only-switch": Fail, "exec": Warn} {
			if all[id].State != want {
				t.Errorf("read-only: %s is %s: %s", id, all[id].State, all[id].Evidence)
			}
		}
	})
}

// TestDeletionDisabled has a remedy for each kind of deployment, and none that would
// lose the images.
func TestDeletionDisabled(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoDelete: true})
		for name, tc := range map[string]struct {
			change func(*locate.Candidate)
			fix    string
		}{
			"deployment": {func(*locate.Candidate) {}, "kubectl -n images set env deployment/registry -c registry REGISTRY_STORAGE_DELETE_ENABLED=true"},
			"controller": {func(c *locate.Candidate) { c.Workload.Kind, c.Strategy = resolve.ReplicationController, "" }, "of replicationcontroller/registry, and make its pods anew"},
			"on delete":  {func(c *locate.Candidate) { c.Strategy = "OnDelete" }, "then delete its pods"},
			"pod":        {func(c *locate.Candidate) { c.Workload.Kind = resolve.Pod }, "make its pods anew"},
			"emptyDir":   {func(c *locate.Candidate) { c.Storage.RestartLosesData = true }, "storage that survives a restart first"},
		} {
			c := healthy()
			tc.change(c)
			got := examine(t, Input{Name: "it", Candidate: c, Registry: s.Client()})["deletion-enabled"]
			if got.State != Fail || !strings.HasPrefix(got.Evidence, "no (") || !strings.Contains(got.Fix, tc.fix) || name == "emptyDir" && strings.Contains(got.Fix, "kubectl") {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if got := examine(t, Input{Name: "it", Registry: s.Client()})["deletion-enabled"]; got.State != Fail || !strings.Contains(got.Fix, "storage.delete.enabled") {
			t.Errorf("outside: %+v", got)
		}
	})
}

// TestCredentialsAreMissing: the registry is there, and nothing else is known of it.
func TestCredentialsAreMissing(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{Auth: registrytest.Basic})
	all := examine(t, Input{Name: "it", Registry: client(t, s.URL), HTTP: getter(s.URL),
		Credentials: []locate.Credential{{Host: "h", Username: "bob", Password: "of-the-test", Source: "secret a/b"}}})
	for id, want := range map[string]State{"reachable": OK, "credentials": Fail, "product": OK, "deletion-enabled": NotChecked} {
		if all[id].State != want {
			t.Errorf("%s: %+v", id, all[id])
		}
	}
	if text := all["credentials"].Evidence; !strings.Contains(text, "secret a/b") || strings.Contains(text, "of-the-test") {
		t.Errorf("%s", text)
	}
}

// TestNothingIsOKUnseen: with nothing to look at, no check is ok.
func TestNothingIsOKUnseen(t *testing.T) {
	for _, c := range []*locate.Candidate{nil, {Workload: resolve.Ref{Kind: resolve.Deployment, Name: "x"}, Settings: locate.Settings{
		Delete: locate.Unknown, Proxy: locate.Unknown, ReadOnly: locate.Unknown, ReadOnlyBlock: locate.Unknown, Cache: "unknown"},
		Storage: locate.Storage{Kind: locate.UnknownStorage, Evidence: "nobody knows"}, Unread: []string{"cronjobs in x", "pods in x"}}} {
		for id, check := range examine(t, Input{Name: "it", Candidate: c}) {
			if check.State == OK {
				t.Errorf("%s is ok: %s", id, check.Evidence)
			}
		}
	}
	refused := hint.With(errors.New("no pod is ready"), "wait")
	all := examine(t, Input{Name: "it", Unreached: refused, NoExec: refused})
	if c := all["reachable"]; c.State != Fail || c.Fix != "wait" {
		t.Errorf("%+v", c)
	}
	if c := all["exec"]; c.State != Warn || c.Fix != "wait" {
		t.Errorf("%+v", c)
	}
}

// TestTrouble: each trap of a deployment has its check.
func TestTrouble(t *testing.T) {
	for _, tc := range []struct {
		name, id string
		state    State
		fix      string
		change   func(*locate.Candidate)
	}{
		{"minikube", "restart-safe", Fail, "PersistentVolumeClaim", func(c *locate.Candidate) {
			c.Storage = locate.Storage{Kind: locate.NoStorage, RestartLosesData: true, Evidence: "no volume"}
		}},
		{"minikube", "storage", Warn, "", func(c *locate.Candidate) {
			c.Storage = locate.Storage{Kind: locate.NoStorage, RestartLosesData: true, Evidence: "no volume"}
		}},
		{"bare pod", "restart-safe", Fail, "deployment", func(c *locate.Candidate) { c.Workload.Kind = resolve.Pod }},
		{"host path", "restart-safe", Warn, "nodeSelector", func(c *locate.Candidate) { c.Storage.Kind = locate.HostPath }},
		{"pinned", "restart-safe", OK, "", func(c *locate.Candidate) { c.Storage.Kind, c.Pinned = locate.HostPath, true }},
		{"object store", "storage", Warn, "", func(c *locate.Candidate) { c.Storage.Kind = locate.S3 }},
		{"two drivers", "storage", Warn, "", func(c *locate.Candidate) { c.Settings.Conflict = "several" }},
		{"split", "replicas", Fail, "--replicas=1", func(c *locate.Candidate) { c.Storage.Kind, c.Replicas = locate.HostPath, 2 }},
		{"scaled", "replicas", Warn, "minReplicas", func(c *locate.Candidate) { c.Autoscaler = "h" }},
		{"down", "replicas", Fail, "describe pods", func(c *locate.Candidate) { c.Pods = nil }},
		{"rolling", "replicas", Warn, "rollout status", func(c *locate.Candidate) { c.Pods = append(c.Pods, locate.Pod{Name: "b"}) }},
		{"dead lock", "rollout-strategy", Warn, `"Recreate"`, func(c *locate.Candidate) { c.Strategy = "RollingUpdate" }},
		{"unknown claim", "rollout-strategy", NotChecked, "", func(c *locate.Candidate) { c.Strategy, c.Storage.Kind = "RollingUpdate", locate.PVC }},
		{"shared claim", "rollout-strategy", OK, "", func(c *locate.Candidate) { c.Strategy, c.Storage.Kind = "RollingUpdate", locate.PVCRWX }},
		{"controller", "rollout-strategy", Fail, "deployment", func(c *locate.Candidate) { c.Workload.Kind, c.Strategy = resolve.ReplicationController, "" }},
		{"by hand", "rollout-strategy", Warn, "", func(c *locate.Candidate) { c.Strategy = "OnDelete" }},
		{"redis", "cache", Warn, "FLUSHDB", func(c *locate.Candidate) { c.Settings.Cache = "redis" }},
		{"strange cache", "cache", Warn, "", func(c *locate.Candidate) { c.Settings.Cache = "x\ny" }},
		{"booby trap", "read-only-switch", Fail, "remove", func(c *locate.Candidate) {
			c.Settings.DeadSwitch = "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED"
		}},
		{"no switch", "read-only-switch", Warn, "remove", func(c *locate.Candidate) { c.Settings.DeadSwitch, c.Settings.ReadOnlyBlock = "X", locate.Yes }},
		{"left over", "read-only-switch", Fail, "recover", func(c *locate.Candidate) { c.Settings.ReadOnly = locate.Yes }},
		{"chart's job", "gc-jobs", Warn, "patch cronjob gc ", func(c *locate.Candidate) {
			c.GCJobs = []locate.GCJob{{Name: "gc", Schedule: "@daily", Why: "its name"}}
		}},
		{"asleep", "gc-jobs", OK, "", func(c *locate.Candidate) { c.GCJobs = []locate.GCJob{{Name: "gc", Suspended: true}} }},
		{"mirror", "proxy-cache", Fail, "proxy.ttl", func(c *locate.Candidate) { c.Settings.Proxy, c.Settings.ProxyURL = locate.Yes, "https://u" }},
		{"harbor", "product", Fail, "retention", func(c *locate.Candidate) { c.Product = locate.Harbor }},
		{"3.0", "version", Warn, "3.1.1", func(c *locate.Candidate) { c.Version = "3.0.0" }},
		{"2.7", "version", Warn, "2.8", func(c *locate.Candidate) { c.Version = "2.7.1" }},
		{"2", "version", OK, "", func(c *locate.Candidate) { c.Version = "2" }},
		{"latest", "version", NotChecked, "", func(c *locate.Candidate) { c.Version = "" }},
		{"hidden names", "aliases", Warn, "--alias", func(c *locate.Candidate) { c.Unread = []string{"ingresses in x (not allowed)"} }},
		{"no names", "aliases", Warn, "--alias", func(c *locate.Candidate) { c.Aliases = nil }},
	} {
		c := healthy()
		tc.change(c)
		got := examine(t, Input{Name: "it", Candidate: c})[tc.id]
		if got.State != tc.state || !strings.Contains(got.Fix, tc.fix) || tc.fix == "" && tc.state == OK && got.Fix != "" {
			t.Errorf("%s: %+v, want %s", tc.name, got, tc.state)
		}
	}
}

// TestRights: what is missing for certain fails, what is only useful warns, what the
// server does not settle is not checked.
func TestRights(t *testing.T) {
	api := kubetest.Start(t, kubetest.Options{})
	access, err := kube.NewClient(api.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Name: "it", Candidate: healthy(), Access: access, Groups: []string{"argoproj.io"}}
	api.Deny(kubetest.Rule{Resource: "ingresses"})
	state := func(want ...State) {
		t.Helper()
		all := examine(t, in)
		for i, step := range []rbac.Step{rbac.Plan, rbac.Apply, rbac.GC} {
			c := all["rbac-"+string(step)]
			granted := "rbac --for " + string(step) + " --user NAME -n images deployment/registry |"
			if c.State != want[i] || c.State != OK && c.Fix == "" || (c.State == Warn || c.State == Fail) && !strings.Contains(c.Fix, granted) {
				t.Errorf("%s: %+v, want %s", step, c, want[i])
			}
		}
	}
	state(Warn, Warn, Warn)
	api.Deny(kubetest.Rule{Resource: "*"})
	state(NotChecked, NotChecked, Warn)
	api.Deny(kubetest.Rule{Verb: "patch"})
	state(NotChecked, NotChecked, Fail)
	api.Deny(kubetest.Rule{Verb: "list", Resource: "replicasets"})
	state(Fail, Fail, Fail)
}

func TestVerdict(t *testing.T) {
	for want, states := range map[State][]State{OK: nil, NotChecked: {OK, NotChecked}, Warn: {NotChecked, Warn, OK}, Fail: {Warn, Fail, OK}} {
		r := &Report{}
		for i, s := range states {
			r.Checks = append(r.Checks, Check{ID: fmt.Sprint(i), State: s})
		}
		if r.Worst() != want || (r.Err() != nil) != (want == Fail) || want == Fail && (!errors.Is(r.Err(), ErrUnfit) || !strings.HasSuffix(r.Err().Error(), ": 1")) {
			t.Errorf("%v: %s, %v", states, r.Worst(), r.Err())
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	cancel(why)
	if r, err := Examine(ctx, Input{Name: "it"}); r != nil || !errors.Is(err, why) {
		t.Errorf("%v, %v", r, err)
	}
}
