package resolve_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

const ns = "prod"

// pod makes a running pod with one container "app"; change adjusts it.
func pod(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", ContainerStatuses: []corev1.ContainerStatus{
			{Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: ns, UID: types.UID("uid-" + name)}
}

func ownedBy(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.OwnerReferences = owner(kind, name) }
}

func owner(kind, name string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID("uid-" + name), Controller: &yes}}
}

func phase(p corev1.PodPhase, reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Phase, pod.Status.Reason, pod.Status.ContainerStatuses = p, reason, nil
	}
}

func labelled(kv ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels = map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			p.Labels[kv[i]] = kv[i+1]
		}
	}
}

func state(container string, s corev1.ContainerState) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: container, State: s}}
	}
}

// sidecars adds an init, a regular and an ephemeral container; the last runs.
func sidecars(p *corev1.Pod) {
	p.Spec.InitContainers = []corev1.Container{{Name: "setup"}}
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"})
	p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: "proxy", State: running})
	p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{Name: "debug", State: running}}
}

func defaultTo(container string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": container}
	}
}

func deleting(p *corev1.Pod) { now := metav1.NewTime(time.Now()); p.DeletionTimestamp = &now }

func elsewhere(p *corev1.Pod) { p.Namespace = "staging" }

func selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
}

func namespaces() []runtime.Object {
	return []runtime.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "staging"}},
	}
}

func refs(t *testing.T, args ...string) []resolve.Ref {
	t.Helper()
	var all []resolve.Ref
	for _, a := range args {
		ref, err := resolve.ParseRef(a)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ref)
	}
	return all
}

// show renders an answer as "pod/container" of the targets and "pod: reason" of
// the skipped.
func show(found *resolve.Found) string {
	var parts []string
	for _, t := range found.Targets {
		parts = append(parts, t.Pod+"/"+t.Container)
	}
	for _, s := range found.Skipped {
		parts = append(parts, s.Pod+": "+s.Reason)
	}
	return strings.Join(parts, "; ")
}

func TestPodsByName(t *testing.T) {
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	objects := append(namespaces(),
		pod("web-0"), pod("web-1"), pod("multi", sidecars), pod("annotated", sidecars, defaultTo("proxy")),
		pod("stale", sidecars, defaultTo("gone")),
		pod("crashing", state("app", waiting)), pod("ending", deleting),
		pod("pending", phase(corev1.PodPending, ""), func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}
		}),
		pod("evicted", phase(corev1.PodFailed, "Evicted")), pod("done", phase(corev1.PodSucceeded, "")),
		pod("unreported", func(p *corev1.Pod) { p.Status.ContainerStatuses = nil }),
		pod("other", elsewhere),
	)
	for _, tc := range []struct {
		args, container string
		want            string // what is found
		fails, hints    string // parts of the error and its hint
		nothing         bool   // the error is ErrNothing
	}{
		{args: "web-0", want: "web-0/app"},
		{args: "pod/web-0", want: "web-0/app"},
		{args: "po/web-1 web-0 web-1", want: "web-1/app; web-0/app"},
		{args: "multi", want: "multi/app"},
		{args: "multi", container: "proxy", want: "multi/proxy"},
		{args: "multi", container: "debug", want: "multi/debug"},
		{args: "annotated", want: "annotated/proxy"},
		{args: "annotated", container: "app", want: "annotated/app"},
		{args: "multi", container: "setup", fails: `container "setup" has terminated with exit code 0`, hints: "describe pod multi -n prod", nothing: true},
		{args: "stale", fails: `pod "stale" has no container "gone"`, hints: "app, proxy, debug (ephem), setup (init)", nothing: true},
		{args: "multi", container: "nope", fails: `pod "multi" has no container "nope"`, hints: "its containers are: app, proxy, debug (ephem), setup (init)", nothing: true},
		{args: "ending", want: "ending/app"},
		{args: "unreported", want: "unreported/app"},
		{args: "crashing", fails: `cannot run a command in pod "crashing": container "app" is waiting (CrashLoopBackOff)`, hints: "kubectl describe pod crashing -n prod", nothing: true},
		{args: "pending", fails: "the pod is Pending (Unschedulable)", nothing: true},
		{args: "evicted", fails: "the pod has completed, phase Failed (Evicted)", nothing: true},
		{args: "done", fails: "the pod has completed, phase Succeeded", nothing: true},
		{args: "web-0 done", want: "web-0/app; done: the pod has completed, phase Succeeded"},
		{args: "web", fails: `pod "web" not found in namespace "prod"`, hints: "did you mean web-0, web-1", nothing: true},
		{args: "other", fails: `pod "other" not found in namespace "prod"`, hints: `there is one in namespace "staging": add -n staging`, nothing: true},
		{args: "web-0 zzz", fails: `pod "zzz" not found`, hints: "kubectl get pods -n prod", nothing: true},
	} {
		q := resolve.Query{Refs: refs(t, strings.Fields(tc.args)...), Namespaces: []string{ns}, Container: tc.container}
		found, err := resolve.Pods(t.Context(), byFieldName(fake.NewClientset(objects...)), q)
		name := strings.TrimSpace(tc.args + " " + tc.container)
		if tc.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tc.fails) || !strings.Contains(hint.Of(err), tc.hints) || errors.Is(err, resolve.ErrNothing) != tc.nothing {
				t.Errorf("%s: error %v\nhint %q, ErrNothing %v\nwant %q with hint %q, ErrNothing %v", name, err, hint.Of(err), errors.Is(err, resolve.ErrNothing), tc.fails, tc.hints, tc.nothing)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := show(found); got != tc.want {
			t.Errorf("%s: found %q, want %q", name, got, tc.want)
		}
	}
}

// byFieldName teaches the fake the one field selector that is used here.
func byFieldName(client *fake.Clientset) *fake.Clientset {
	client.PrependReactor("list", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		name, ok := a.(clienttesting.ListAction).GetListRestrictions().Fields.RequiresExactMatch("metadata.name")
		if !ok {
			return false, nil, nil
		}
		all, err := client.Tracker().List(a.GetResource(), corev1.SchemeGroupVersion.WithKind("Pod"), a.GetNamespace())
		list := &corev1.PodList{}
		for _, p := range all.(*corev1.PodList).Items {
			if p.Name == name {
				list.Items = append(list.Items, p)
			}
		}
		return true, list, err
	})
	return client
}

func TestTargetIsFrozen(t *testing.T) {
	found, err := resolve.Pods(t.Context(), fake.NewClientset(pod("multi", sidecars)), resolve.Query{Refs: refs(t, "multi"), Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	want := resolve.Target{Namespace: ns, Pod: "multi", UID: "uid-multi", Node: "node-1", IP: "10.0.0.1", Container: "app", DefaultedFrom: "app, proxy, debug (ephem), setup (init)"}
	if diff := cmp.Diff(want, found.Targets[0]); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

// A pod that is being deleted is left out of a set, and a container that some pods
// lack is a reason, not the end of the run.
func TestSetsSkipWithReasons(t *testing.T) {
	client := fake.NewClientset(pod("a", sidecars), pod("b"), pod("c", deleting, sidecars))
	found, err := resolve.Pods(t.Context(), client, resolve.Query{Labels: labels.Everything(), Namespaces: []string{ns}, Container: "proxy"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(found), `a/proxy; b: no container "proxy"; c: the pod is being deleted`; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}

// workloads are two of everything that could be confused: pods with the right
// labels and the wrong owner, an older replica set, an adopted job.
func workloads() []runtime.Object {
	rs := func(name, owns string) *appsv1.ReplicaSet {
		o := &appsv1.ReplicaSet{ObjectMeta: meta(name), Spec: appsv1.ReplicaSetSpec{Selector: selector()}}
		o.Labels, o.OwnerReferences = map[string]string{"app": "web"}, owner("Deployment", owns)
		return o
	}
	job := func(name string) *batchv1.Job {
		o := &batchv1.Job{ObjectMeta: meta(name)}
		o.OwnerReferences = owner("CronJob", "nightly")
		return o
	}
	jobLabels := labelled("job-name", "nightly-1")
	return append(namespaces(),
		&appsv1.Deployment{ObjectMeta: meta("web"), Spec: appsv1.DeploymentSpec{Selector: selector()}},
		rs("web-new", "web"), rs("web-old", "web"), rs("impostor-rs", "impostor"),
		&appsv1.StatefulSet{ObjectMeta: meta("db"), Spec: appsv1.StatefulSetSpec{Selector: selector()}},
		&appsv1.DaemonSet{ObjectMeta: meta("agent"), Spec: appsv1.DaemonSetSpec{Selector: selector()}},
		&batchv1.CronJob{ObjectMeta: meta("nightly")}, job("nightly-1"), &batchv1.Job{ObjectMeta: meta("manual")},
		&corev1.ReplicationController{ObjectMeta: meta("legacy"), Spec: corev1.ReplicationControllerSpec{Selector: map[string]string{"app": "web"}}},
		&corev1.Service{ObjectMeta: meta("front"), Spec: corev1.ServiceSpec{Selector: map[string]string{"tier": "front"}}},
		&corev1.Service{ObjectMeta: meta("external")},
		&appsv1.Deployment{ObjectMeta: meta("idle"), Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "idle"}}}},
		pod("web-new-1", ownedBy("ReplicaSet", "web-new")), pod("web-old-1", ownedBy("ReplicaSet", "web-old")),
		pod("impostor-1", ownedBy("ReplicaSet", "impostor-rs")), pod("bare"),
		pod("db-0", ownedBy("StatefulSet", "db"), labelled("app", "web", "tier", "front")),
		pod("agent-x", ownedBy("DaemonSet", "agent")),
		pod("nightly-1-a", ownedBy("Job", "nightly-1"), jobLabels), pod("manual-a", ownedBy("Job", "manual"), jobLabels),
		pod("legacy-a", ownedBy("ReplicationController", "legacy")),
		pod("front-elsewhere", elsewhere, labelled("tier", "front")),
	)
}

func TestWorkloads(t *testing.T) {
	client := fake.NewClientset(workloads()...)
	for _, tc := range []struct{ args, want, fails, hints string }{
		{args: "deploy/web", want: "web-new-1/app; web-old-1/app"},
		{args: "deployments.apps/web", want: "web-new-1/app; web-old-1/app"},
		{args: "rs/web-old", want: "web-old-1/app"},
		{args: "sts/db", want: "db-0/app"},
		{args: "ds/agent", want: "agent-x/app"},
		{args: "job/nightly-1", want: "nightly-1-a/app"},
		{args: "cronjob/nightly", want: "nightly-1-a/app"},
		{args: "rc/legacy", want: "legacy-a/app"},
		{args: "svc/front", want: "db-0/app"},
		{args: "sts/db svc/front bare", want: "db-0/app; bare/app"},
		{args: "svc/external", fails: "no selector", hints: "-l"},
		{args: "deploy/idle", fails: `deployment/idle in namespace "prod" has no pods`, hints: "kubectl describe deployment idle -n prod"},
		{args: "deploy/nope", fails: `deployment "nope" not found in namespace "prod"`, hints: "kubectl get deployments -n prod"},
	} {
		found, err := resolve.Pods(t.Context(), client, resolve.Query{Refs: refs(t, strings.Fields(tc.args)...), Namespaces: []string{ns}})
		switch {
		case tc.fails != "":
			if err == nil || !strings.Contains(err.Error(), tc.fails) || !strings.Contains(hint.Of(err), tc.hints) {
				t.Errorf("%s: error %v, hint %q; want %q and %q", tc.args, err, hint.Of(err), tc.fails, tc.hints)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.args, err)
		case show(found) != tc.want:
			t.Errorf("%s: found %q, want %q", tc.args, show(found), tc.want)
		}
	}
}

func TestDidYouMeanTheWorkload(t *testing.T) {
	objects := append(namespaces(), pod("web-7d4f-1", ownedBy("ReplicaSet", "web-7d4f"), labelled("pod-template-hash", "7d4f")), pod("db-0", ownedBy("StatefulSet", "db")))
	for name, want := range map[string]string{"web": "deployment/web", "db": "statefulset/db"} {
		_, err := resolve.Pods(t.Context(), fake.NewClientset(objects...), resolve.Query{Refs: refs(t, name), Namespaces: []string{ns}})
		if !strings.HasSuffix(hint.Of(err), "or all pods of "+want) {
			t.Errorf("%s: hint %q, want it to name %s", name, hint.Of(err), want)
		}
	}
}

func TestNothingMatches(t *testing.T) {
	client := fake.NewClientset(append(namespaces(), pod("web-0"))...)
	nope := labels.SelectorFromSet(labels.Set{"app": "nope"})
	for _, tc := range []struct {
		q    resolve.Query
		want string
	}{
		{resolve.Query{Labels: nope, Namespaces: []string{ns}}, `no pod matches label selector "app=nope" in namespace "prod"`},
		{resolve.Query{Labels: nope}, `no pod matches label selector "app=nope" in any namespace`},
		{resolve.Query{Namespaces: []string{"staging"}}, `no pods in namespace "staging"`},
		{resolve.Query{Labels: nope, Namespaces: []string{"ghost"}}, `looking for pods: namespace "ghost" not found`},
		{resolve.Query{Refs: refs(t, "web-0"), Namespaces: []string{"ghost"}}, `looking for pod "web-0": namespace "ghost" not found`},
		{resolve.Query{Refs: refs(t, "sts/db"), Namespaces: []string{"ghost"}}, `looking for statefulset/db: namespace "ghost" not found`},
	} {
		_, err := resolve.Pods(t.Context(), client, tc.q)
		if !errors.Is(err, resolve.ErrNothing) || err.Error() != tc.want || hint.Of(err) == "" {
			t.Errorf("error %v (hint %q), want %q with a hint", err, hint.Of(err), tc.want)
		}
	}
}

// pages makes client answer pod LISTs from total pods in pages; the token of page
// expire (from 1) is refused as expired. It reports the limits asked for.
func pages(client *fake.Clientset, total, expire int) *[]int64 {
	var limits []int64
	client.PrependReactor("list", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		o := a.(clienttesting.ListActionImpl).GetListOptions()
		limits = append(limits, o.Limit)
		from, _ := strconv.Atoi(o.Continue)
		if from > 0 && from/int(o.Limit) == expire {
			return true, nil, apierrors.NewResourceExpired("the token is too old")
		}
		list := &corev1.PodList{}
		to := total
		if o.Limit > 0 && from+int(o.Limit) < total {
			to = from + int(o.Limit)
			list.Continue = strconv.Itoa(to)
		}
		for i := from; i < to; i++ {
			list.Items = append(list.Items, *pod(fmt.Sprintf("web-%d", i)))
		}
		return true, list, nil
	})
	return &limits
}

func TestListIsPaged(t *testing.T) {
	for _, tc := range []struct {
		total, expire int
		limits        []int64
	}{
		{total: 500, limits: []int64{500}},
		{total: 1201, limits: []int64{500, 500, 500}},
		{total: 1201, expire: 2, limits: []int64{500, 500, 500, 0}},
	} {
		client := fake.NewClientset()
		limits := pages(client, tc.total, tc.expire)
		found, err := resolve.Pods(t.Context(), client, resolve.Query{Namespaces: []string{ns}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(found.Targets); n != tc.total {
			t.Errorf("total %d, expiring at %d: found %d pods", tc.total, tc.expire, n)
		}
		if diff := cmp.Diff(tc.limits, *limits); diff != "" {
			t.Errorf("total %d, expiring at %d: limits of the requests (-want +got):\n%s", tc.total, tc.expire, diff)
		}
	}
}

func TestForbiddenNamesTheCheck(t *testing.T) {
	for _, tc := range []struct {
		verb, want string
		empty      runtime.Object // what a client returns beside the error
		q          resolve.Query
	}{
		{"list", "kubectl auth can-i list pods -n prod", &corev1.PodList{}, resolve.Query{Namespaces: []string{ns}}},
		{"list", "kubectl auth can-i list pods -A", &corev1.PodList{}, resolve.Query{}},
		{"get", "kubectl auth can-i get pods -n prod", &corev1.Pod{}, resolve.Query{Refs: refs(t, "web-0"), Namespaces: []string{ns}}},
		{"get", "kubectl auth can-i get deployments -n prod", &appsv1.Deployment{}, resolve.Query{Refs: refs(t, "deploy/web"), Namespaces: []string{ns}}},
	} {
		client := fake.NewClientset()
		client.PrependReactor(tc.verb, "*", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, tc.empty, apierrors.NewForbidden(corev1.Resource("pods"), "", errors.New("no"))
		})
		_, err := resolve.Pods(t.Context(), client, tc.q)
		if err == nil || !strings.HasSuffix(hint.Of(err), tc.want) || errors.Is(err, resolve.ErrNothing) {
			t.Errorf("error %v, hint %q; want hint %q", err, hint.Of(err), tc.want)
		}
	}
}

func TestParseRef(t *testing.T) {
	for arg, want := range map[string]string{
		"web-0": "pod/web-0", "pods/x": "pod/x", "po/x": "pod/x", "deploy/web": "deployment/web", "Deployment/web": "deployment/web",
		"deployments.v1.apps/web": "deployment/web", "sts/db": "statefulset/db", "ds/a": "daemonset/a", "rs/a": "replicaset/a",
		"jobs/a": "job/a", "cj/a": "cronjob/a", "rc/a": "replicationcontroller/a", "service/a": "service/a", "pods.v1/a": "pod/a",
	} {
		if got, err := resolve.ParseRef(arg); err != nil || got.String() != want {
			t.Errorf("ParseRef(%q) = %v, %v; want %s", arg, got, err, want)
		}
	}
	for _, arg := range []string{"", "deploy/", "/web", "a/b/c", "node/n1", "services.serving.knative.dev/a", "deploy/a b", "statefulsets.apps.kruise.io/x"} {
		if got, err := resolve.ParseRef(arg); err == nil {
			t.Errorf("ParseRef(%q) = %v, want an error", arg, got)
		}
	}
	if _, err := resolve.ParseRef("node/n1"); !strings.Contains(hint.Of(err), "deploy") {
		t.Errorf("hint %q does not list the types", hint.Of(err))
	}
}
