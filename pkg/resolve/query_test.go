package resolve_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// server is an API server with real paging and field selectors.
func server(t *testing.T, objects ...runtime.Object) (*kubetest.Server, *kube.Client) {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{Objects: append(namespaces(), objects...)})
	client, err := kube.NewClient(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

// requests renders what was asked as "GET path?field=…&…".
func requests(s *kubetest.Server) []string {
	var all []string
	for _, r := range s.Recorder().Requests() {
		text := r.Method + " " + r.Path
		for _, parameter := range []string{"labelSelector", "fieldSelector"} {
			if v := r.Query.Get(parameter); v != "" {
				text += " " + v
			}
		}
		all = append(all, text)
	}
	return all
}

func in(namespace string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Namespace = namespace }
}

func on(node string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = node } }

const (
	listProd    = "GET /api/v1/namespaces/prod/pods"
	listStaging = "GET /api/v1/namespaces/staging/pods"
	listAll     = "GET /api/v1/pods"
)

func TestNarrowing(t *testing.T) {
	re := regexp.MustCompile
	both := []string{ns, "staging"}
	objects := []runtime.Object{
		pod("web-0"), pod("web-1", on("node-2")), pod("db-0", on("node-3"), labelled("app", "db")),
		pod("web-0", in("staging")), pod("job-x", in("staging"), on("node-2"), labelled("app", "job")),
	}
	for _, tc := range []struct {
		name     string
		q        resolve.Query
		want     string // namespace/pod
		excluded int
		fails    string
		requests []string
	}{
		{name: "all namespaces", want: "prod/db-0 prod/web-0 prod/web-1 staging/job-x staging/web-0", requests: []string{listAll}},
		{name: "two namespaces, one twice", q: resolve.Query{Namespaces: []string{"staging", ns, "staging"}},
			want: "staging/job-x staging/web-0 prod/db-0 prod/web-0 prod/web-1", requests: []string{listProd, listStaging}},
		{name: "selector in two namespaces", q: resolve.Query{Namespaces: both, Labels: labels.SelectorFromSet(labels.Set{"app": "web"})},
			want: "prod/web-0 prod/web-1 staging/web-0", requests: []string{listProd + " app=web", listStaging + " app=web"}},
		{name: "nothing in one of them", q: resolve.Query{Namespaces: both, Labels: labels.SelectorFromSet(labels.Set{"app": "db"})},
			want: "prod/db-0", requests: []string{"GET /api/v1/namespaces/staging", listProd + " app=db", listStaging + " app=db"}},
		{name: "one of them does not exist", q: resolve.Query{Namespaces: []string{ns, "ghost"}}, fails: `looking for pods: namespace "ghost" not found`},
		{name: "a name in two namespaces", q: resolve.Query{Namespaces: both, Refs: refs(t, "web-0")},
			want: "prod/web-0 staging/web-0", requests: []string{listProd + "/web-0", listStaging + "/web-0"}},
		{name: "a name in one of two", q: resolve.Query{Namespaces: both, Refs: refs(t, "db-0")}, fails: `pod "db-0" not found in namespace "staging"`},
		{name: "one node", q: resolve.Query{Nodes: []string{"node-2"}}, want: "prod/web-1 staging/job-x", requests: []string{listAll + " spec.nodeName=node-2"}},
		{name: "one node and a field", q: resolve.Query{Nodes: []string{"node-2"}, Fields: fields.OneTermEqualSelector("metadata.name", "web-1")},
			want: "prod/web-1", requests: []string{listAll + " metadata.name=web-1,spec.nodeName=node-2"}},
		{name: "two nodes", q: resolve.Query{Nodes: []string{"node-2", "node-3"}}, want: "prod/db-0 prod/web-1 staging/job-x", requests: []string{listAll}},
		{name: "a named pod on another node", q: resolve.Query{Nodes: []string{"node-9"}, Refs: refs(t, "web-0"), Namespaces: []string{ns}},
			fails: `no pod of pod/web-0 matches node "node-9" in namespace "prod"`},
		{name: "pods", q: resolve.Query{Pods: re("^web-")}, want: "prod/web-0 prod/web-1 staging/web-0", requests: []string{listAll}},
		{name: "not pods", q: resolve.Query{Pods: re("0$"), NotPods: re("^web")}, want: "prod/db-0", excluded: 2, requests: []string{listAll}},
		{name: "no such pods", q: resolve.Query{Namespaces: both, Pods: re("^nope")}, fails: `no pod matches pod name "^nope" in namespaces prod, staging`},
		{name: "all excluded", q: resolve.Query{Pods: re("^web-1"), NotPods: re("web")}, fails: `no pod is left in any namespace: the one that matches is excluded by "web"`},
		{name: "several excluded", q: resolve.Query{NotPods: re(".")}, fails: `no pod is left in any namespace: the 5 that match are excluded by "."`},
	} {
		s, client := server(t, objects...)
		found, err := resolve.Pods(t.Context(), client, tc.q)
		if tc.fails != "" {
			if err == nil || err.Error() != tc.fails || hint.Of(err) == "" || !errors.Is(err, resolve.ErrNothing) {
				t.Errorf("%s: error %v (hint %q), want %s", tc.name, err, hint.Of(err), tc.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		var got []string
		for _, target := range found.Targets {
			got = append(got, target.Namespace+"/"+target.Pod)
		}
		if strings.Join(got, " ") != tc.want || found.Excluded != tc.excluded || len(found.Skipped) > 0 {
			t.Errorf("%s: found %q, %d excluded, want %q and %d; skipped %v", tc.name, got, found.Excluded, tc.want, tc.excluded, found.Skipped)
		}
		asked := requests(s)
		slices.Sort(asked) // namespaces are listed at the same time
		slices.Sort(tc.requests)
		if !slices.Equal(asked, tc.requests) {
			t.Errorf("%s: asked\n%s\nwant\n%s", tc.name, strings.Join(asked, "\n"), strings.Join(tc.requests, "\n"))
		}
	}
}

// crowd is a pod with a container of each sort, and a sidecar.
func crowd(p *corev1.Pod) {
	sidecars(p)
	always, never := corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever
	p.Spec.InitContainers[0].RestartPolicy = &never
	p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: "mesh", RestartPolicy: &always})
	p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, corev1.ContainerStatus{
		Name: "mesh", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
}

func TestContainersOfSets(t *testing.T) {
	re := regexp.MustCompile
	crash := func(p *corev1.Pod) {
		p.Status.ContainerStatuses[1].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	}
	initializing := func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{
			{Name: "setup", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}}}
	}
	for _, tc := range []struct {
		name string
		q    resolve.Query
		pods []*corev1.Pod
		want string
	}{
		{"all", resolve.Query{AllContainers: true}, []*corev1.Pod{pod("a", crowd), pod("b")}, "a/app; a/proxy; a/mesh; b/app"},
		{"all, one does not run", resolve.Query{AllContainers: true}, []*corev1.Pod{pod("a", sidecars, crash)},
			`a/app; a: container "proxy" is waiting (CrashLoopBackOff)`},
		{"all but some", resolve.Query{AllContainers: true, NotContainers: re("^pro|mesh")}, []*corev1.Pod{pod("a", crowd)}, "a/app"},
		{"all but all", resolve.Query{AllContainers: true, NotContainers: re("app|proxy")}, []*corev1.Pod{pod("a", sidecars), pod("b", defaultTo("app"))},
			`a: no container left: "app", "proxy" are excluded; b: no container left: "app" is excluded`},
		{"by pattern, any sort", resolve.Query{Containers: re("^(app|debug|mesh)$")}, []*corev1.Pod{pod("a", crowd), pod("b")}, "a/app; a/debug; a/mesh; b/app"},
		{"by pattern, an init container that is done", resolve.Query{Containers: re("set")}, []*corev1.Pod{pod("a", crowd), pod("b")},
			`a: container "setup" has terminated with exit code 0; b: no container that matches "set"`},
		{"an init container by name while it runs", resolve.Query{Container: "setup"}, []*corev1.Pod{pod("a", sidecars, initializing)}, "a/setup"},
		{"the others wait meanwhile", resolve.Query{}, []*corev1.Pod{pod("a", sidecars, initializing)}, `a: container "app" is waiting (PodInitializing)`},
		{"a name wins over patterns", resolve.Query{Container: "proxy", Containers: re("app"), AllContainers: true}, []*corev1.Pod{pod("a", crowd)}, "a/proxy"},
		{"the default can be excluded", resolve.Query{NotContainers: re("proxy")}, []*corev1.Pod{pod("a", sidecars, defaultTo("proxy"))},
			`a: no container left: "proxy" is excluded`},
		{"one row for a whole pod", resolve.Query{AllContainers: true}, []*corev1.Pod{pod("a", crowd, deleting), pod("b", crowd, phase(corev1.PodFailed, "Evicted"))},
			"a: the pod is being deleted; b: the pod has completed, phase Failed (Evicted)"},
	} {
		s, client := server(t)
		for _, p := range tc.pods {
			s.Put(p)
		}
		tc.q.Namespaces = []string{ns}
		found, err := resolve.Pods(t.Context(), client, tc.q)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		} else if got := show(found); got != tc.want {
			t.Errorf("%s: found %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestNamedPodWithoutAContainerLeft(t *testing.T) {
	_, client := server(t, pod("a"))
	q := resolve.Query{Refs: refs(t, "a"), Namespaces: []string{ns}, NotContainers: regexp.MustCompile("app")}
	_, err := resolve.Pods(t.Context(), client, q)
	want := `pod "a" has no container left: "app" is excluded`
	if !errors.Is(err, resolve.ErrNothing) || err.Error() != want || hint.Of(err) != "its containers are: app" {
		t.Errorf("error %v (hint %q), want %s", err, hint.Of(err), want)
	}
}

func TestWorkloadOfTargets(t *testing.T) {
	hash := labelled("pod-template-hash", "7d4f")
	_, client := server(t,
		pod("a", ownedBy("ReplicaSet", "web-7d4f"), hash), pod("b", ownedBy("ReplicaSet", "web-7d4f")), pod("c", ownedBy("ReplicaSet", "7d4f"), hash),
		pod("d", ownedBy("StatefulSet", "db")), pod("e", ownedBy("DaemonSet", "agent")), pod("f", ownedBy("Job", "nightly-1")),
		pod("g"), pod("h", ownedBy("Node", "node-1")), pod("i", ownedBy("CloneSet", "x")),
	)
	found, err := resolve.Pods(t.Context(), client, resolve.Query{Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "deployment/web", "b": "replicaset/web-7d4f", "c": "replicaset/7d4f", "d": "statefulset/db",
		"e": "daemonset/agent", "f": "job/nightly-1", "g": "", "h": "", "i": "cloneset/x"}
	for _, target := range found.Targets {
		if target.Workload != want[target.Pod] {
			t.Errorf("pod %s: workload %q, want %q", target.Pod, target.Workload, want[target.Pod])
		}
	}
	if len(found.Targets) != len(want) {
		t.Errorf("%d targets, want %d", len(found.Targets), len(want))
	}
}

// Only a name that the API server made up can have no second owner.
func TestOneOffNames(t *testing.T) {
	generated := func(p *corev1.Pod) { p.GenerateName = "x-" }
	for _, tc := range []struct {
		pod  *corev1.Pod
		want bool
	}{
		{pod("x-1", ownedBy("ReplicaSet", "x"), generated), true},
		{pod("x-1", ownedBy("DaemonSet", "x"), generated), true},
		{pod("x-1", ownedBy("Job", "x"), generated), true},
		{pod("x-1", ownedBy("StatefulSet", "x"), generated), false},
		{pod("y-1", ownedBy("ReplicaSet", "x"), generated), false},
		{pod("x-1", ownedBy("ReplicaSet", "x")), false},
		{pod("x-1", generated), false},
	} {
		_, client := server(t, tc.pod)
		found, err := resolve.Pods(t.Context(), client, resolve.Query{Namespaces: []string{ns}})
		if err != nil || found.Targets[0].OneOff != tc.want {
			t.Errorf("%s of %v: %v, %v; want %v", tc.pod.Name, tc.pod.OwnerReferences, found, err, tc.want)
		}
	}
}

// The bar of the design: one LIST for 500 pods, nothing else.
func TestRequestsForManyPods(t *testing.T) {
	var objects []runtime.Object
	for i := range 1001 {
		objects = append(objects, pod(fmt.Sprintf("web-%04d", i)), pod(fmt.Sprintf("web-%04d", i), elsewhere))
	}
	s, client := server(t, objects...)
	for _, tc := range []struct {
		namespaces []string
		want       int
	}{{nil, 5}, {[]string{ns}, 3}, {[]string{ns, "staging"}, 6}} {
		s.Recorder().Reset()
		found, err := resolve.Pods(t.Context(), client, resolve.Query{Namespaces: tc.namespaces, AllContainers: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.Recorder().Requests()); got != tc.want {
			t.Errorf("%q: %d targets took %d requests, want %d", tc.namespaces, len(found.Targets), got, tc.want)
		}
	}
}

func TestSample(t *testing.T) {
	var found resolve.Found
	for i := range 20 {
		found.Targets = append(found.Targets, resolve.Target{Pod: fmt.Sprintf("%02d", i)})
	}
	found.Skipped, found.Excluded = []resolve.Skip{{Reason: "pending"}}, 3
	picked := map[string]int{}
	for seed := range uint64(400) {
		got := resolve.Sample(&found, 5, rand.New(rand.NewPCG(seed, 1)))
		names := make([]string, 0, 5)
		for _, target := range got.Targets {
			names = append(names, target.Pod)
			picked[target.Pod]++
		}
		if len(slices.Compact(slices.Clone(names))) != 5 || !slices.IsSorted(names) || len(got.Skipped) != 1 || got.Excluded != 3 {
			t.Fatalf("picked %q, skipped %v", names, got.Skipped)
		}
		again := resolve.Sample(&found, 5, rand.New(rand.NewPCG(seed, 1)))
		if !slices.Equal(again.Targets, got.Targets) {
			t.Fatalf("seed %d picks %v and %v", seed, got.Targets, again.Targets)
		}
	}
	for i := range 20 { // each is expected 100 times, with a deviation of 9
		if n := picked[fmt.Sprintf("%02d", i)]; n < 55 || n > 145 {
			t.Errorf("target %d was picked %d times of 400: not a fair sample", i, n)
		}
	}
	for _, n := range []int{20, 21} {
		if got := resolve.Sample(&found, n, nil); len(got.Targets) != 20 {
			t.Errorf("a sample of %d has %d of 20 targets", n, len(got.Targets))
		}
	}
	if got := resolve.Sample(&found, 3, nil); len(got.Targets) != 3 || len(found.Targets) != 20 {
		t.Errorf("%d picked of %d", len(got.Targets), len(found.Targets))
	}
}

func TestHintsRepeatTheConnection(t *testing.T) {
	s, client := server(t, pod("web-0", phase(corev1.PodFailed, "")))
	told := client.WithConnectionArgs([]string{"--context", "east"})
	for _, tc := range []struct {
		deny kubetest.Rule
		ref  string
		want string
	}{
		{ref: "zzz", want: "see the pods with: kubectl get pods -n prod --context east"},
		{ref: "web-0", want: "see why with: kubectl describe pod web-0 -n prod --context east"},
		{ref: "deploy/x", want: "see what there is with: kubectl get deployments -n prod --context east"},
		{ref: "web-0", deny: kubetest.Rule{Verb: "get", Resource: "pods"}, want: "check your permission with: kubectl auth can-i get pods -n prod --context east"},
	} {
		s.AllowAll()
		if tc.deny.Verb != "" {
			s.Deny(tc.deny)
		}
		_, err := resolve.Pods(t.Context(), told, resolve.Query{Refs: refs(t, tc.ref), Namespaces: []string{ns}})
		if got := hint.Of(err); got != tc.want {
			t.Errorf("%s: error %v, hint %q, want %q", tc.ref, err, got, tc.want)
		}
	}
}

// What may not be listed is named as what it is.
func TestRefusedReplicaSetsAreNotDeployments(t *testing.T) {
	s, client := server(t, workloads()...)
	for ref, want := range map[string][2]string{
		"deploy/web":      {`listing the replica sets of deployment "web": `, "kubectl auth can-i list replicasets -n prod"},
		"cronjob/nightly": {`listing the jobs of cron job "nightly": `, "kubectl auth can-i list jobs -n prod"},
	} {
		s.AllowAll()
		s.Deny(kubetest.Rule{Verb: "list", Resource: "replicasets"}, kubetest.Rule{Verb: "list", Resource: "jobs"})
		_, err := resolve.Pods(t.Context(), client, resolve.Query{Refs: refs(t, ref), Namespaces: []string{ns}})
		if err == nil || !strings.HasPrefix(err.Error(), want[0]) || !strings.HasSuffix(hint.Of(err), want[1]) {
			t.Errorf("%s: error %v, hint %q; want %q", ref, err, hint.Of(err), want)
		}
	}
}
