//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"embed"
	"strings"
	"testing"
	"time"
)

//go:embed manifests
var manifests embed.FS

// Namespace is a namespace that belongs to one test and ends with it.
type Namespace struct {
	*Cluster
	Name string
}

// Namespace creates one with a name of its own.
func (c *Cluster) Namespace(t testing.TB) *Namespace {
	t.Helper()
	n := &Namespace{Cluster: c, Name: "e2e-" + strings.ToLower(rand.Text()[:10])}
	if r := c.Run(t, c.Kubectl, "create", "namespace", n.Name); r.Code != 0 {
		t.Fatalf("creating the namespace: %s", r.Stderr)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if t.Failed() {
			n.describe(ctx, t)
		}
		if r := c.run(ctx, nil, c.Kubectl, "delete", "namespace", n.Name, "--wait=false"); r.Code != 0 {
			t.Errorf("deleting the namespace: %s", r.Stderr)
		}
	})
	return n
}

// describe logs what a reader of a failed test wants to see. Secrets are not
// part of it.
func (n *Namespace) describe(ctx context.Context, t testing.TB) {
	for _, args := range [][]string{{"get", "pods", "-o", "wide"}, {"get", "events", "--sort-by=.lastTimestamp"}} {
		r := n.run(ctx, nil, n.Kubectl, append(args, "-n", n.Name)...)
		t.Logf("kubectl %s:\n%s%s", strings.Join(args, " "), r.Stdout, r.Stderr)
	}
}

// Apply creates the objects of manifests/FILE in the namespace and waits until
// every Deployment in it is available. Words of the form @NAME@ are replaced by
// pairs of name and value. The text goes through a pipe, so that a password in
// it is in no argument and no file.
func (n *Namespace) Apply(t testing.TB, file string, pairs ...string) {
	t.Helper()
	text, err := manifests.ReadFile("manifests/" + file)
	if err != nil {
		t.Fatalf("reading the manifest: %v", err)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "@" + pairs[i] + "@"
	}
	n.ApplyText(t, strings.NewReplacer(pairs...).Replace(string(text)))
}

// ApplyText is Apply for a manifest written in the test.
func (n *Namespace) ApplyText(t testing.TB, manifest string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	r := n.run(ctx, strings.NewReader(manifest), n.Kubectl, "apply", "-n", n.Name, "-f", "-", "-o", "name")
	if r.Code != 0 {
		t.Fatalf("applying a manifest: %s", r.Stderr)
	}
	for name := range strings.FieldsSeq(r.Stdout) {
		if strings.HasPrefix(name, "deployment") {
			n.Must(t, "rollout", "status", "--timeout=60s", name)
		}
		if strings.HasPrefix(name, "pod/") {
			n.Must(t, "wait", "--for=condition=Ready", "--timeout=60s", name)
		}
	}
}

// Run runs "kubectl ARGS" in the namespace.
func (n *Namespace) Run(t testing.TB, args ...string) Result {
	t.Helper()
	return n.Cluster.Run(t, n.Kubectl, append([]string{"-n", n.Name}, args...)...)
}

// Must is Run for a command that has to succeed; it returns stdout.
func (n *Namespace) Must(t testing.TB, args ...string) string {
	t.Helper()
	r := n.Run(t, args...)
	if r.Code != 0 {
		t.Fatalf("kubectl %s: exit code %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// Pods are the names of the running pods that a selector matches, sorted.
func (n *Namespace) Pods(t testing.TB, selector string) []string {
	t.Helper()
	return strings.Fields(n.Must(t, "get", "pods", "-l", selector, "--field-selector=status.phase=Running",
		"-o", `jsonpath={.items[*].metadata.name}`))
}

// Redis is a running Redis that asks for a password.
type Redis struct {
	Pod, IP, Password string
}

// Redis starts one with a random password in the Secret redis-auth.
func (n *Namespace) Redis(t testing.TB) Redis {
	t.Helper()
	password := rand.Text()
	n.Apply(t, "redis.yaml", "PASSWORD", password)
	pod := n.Pods(t, "app.kubernetes.io/name=redis")
	if len(pod) != 1 {
		t.Fatalf("expected one Redis pod, got %q", pod)
	}
	ip := n.Must(t, "get", "pod", pod[0], "-o", "jsonpath={.status.podIP}")
	return Redis{Pod: pod[0], IP: ip, Password: password}
}

// Eventually tries until there is no error, at most for the limit.
func Eventually(t testing.TB, limit time.Duration, try func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", limit, err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}
