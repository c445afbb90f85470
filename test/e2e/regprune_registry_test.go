//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// depot is a registry in a namespace, to be pruned. Its node port works: where a
// cluster has kube-proxy for that, this process forwards it.
type depot struct {
	*Namespace
	port     string // localhost:PORT, as the node knows the registry
	workload string // TYPE/NAME
	folder   string // of this machine, with the registry's files; "" if they are in the pod alone
	home     string // of the user who prunes: runs, and what is remembered
	password string // of registrytest's user, if the registry asks for one
	served   atomic.Int64

	mu      sync.Mutex
	address string // of the pod
	looked  time.Time
}

// depotSpec describes a registry. The zero value is a Deployment with a claim.
type depotSpec struct {
	image    string // of the testbed: registry:2, registry:3, registry-bare:3
	stateful bool
	lost     bool   // an emptyDir instead of a claim
	env      string // further variables, as YAML in flow style: - {name: …}
	password bool   // it asks for that of registrytest, which the Secret htpasswd has hashed
}

// depot starts a registry. It is gone with the test.
func (c *Cluster) depot(t testing.TB, s depotSpec) *depot {
	t.Helper()
	d := &depot{Namespace: c.Namespace(t), workload: "deployment/registry", home: t.TempDir()}
	node := c.Testbed(t).NodeName
	kind, more, volumes, mounts := "Deployment", "strategy: {type: Recreate}", "{name: images, persistentVolumeClaim: {claimName: images}}", ""
	switch {
	case s.lost:
		volumes = "{name: images, emptyDir: {}}"
	case s.stateful:
		kind, volumes, d.workload = "StatefulSet", "", "statefulset/registry"
		more = "serviceName: registry\n  volumeClaimTemplates:\n  - {metadata: {name: images}, spec: {accessModes: [ReadWriteOnce]," +
			` storageClassName: "", resources: {requests: {storage: 1Gi}}}}`
		d.volume(t, "images-registry-0")
	default:
		d.volume(t, "images")
		d.Apply(t, "regprune-claim.yaml", "NAMESPACE", d.Name)
	}
	if s.password {
		d.password = registrytest.Password
		volumes += ", {name: auth, secret: {secretName: htpasswd}}"
		mounts = "- {name: auth, mountPath: /auth}"
		s.env += "\n        - {name: REGISTRY_AUTH, value: '{htpasswd: {realm: tests, path: /auth/htpasswd}}'}"
		d.ApplyText(t, htpasswd)
	}
	values := []string{"NODE", node, "IMAGE", s.image, "ENV", s.env, "KIND", kind, "KINDSPEC", more, "VOLUMES", "[" + volumes + "]", "MOUNTS", mounts}
	d.Apply(t, "regprune-registry.yaml", values...)
	d.Must(t, "rollout", "status", "--timeout=90s", d.workload)
	d.forward(t, d.Must(t, "get", "service", "registry", "-o", "jsonpath={.spec.ports[0].nodePort}"))
	return d
}

// volume makes a folder of this machine a volume for a claim of the namespace.
func (d *depot) volume(t testing.TB, claim string) {
	t.Helper()
	d.folder = t.TempDir()
	d.Apply(t, "regprune-volume.yaml", "NAMESPACE", d.Name, "CLAIM", claim, "FOLDER", d.folder)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if r := d.run(ctx, nil, d.Kubectl, "delete", "persistentvolume", d.Name, "--wait=false"); r.Code != 0 {
			t.Errorf("removing the volume: %s", r.Stderr)
		}
	})
}

// forward plays kube-proxy for one node port, on loopback.
func (d *depot) forward(t testing.TB, port string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatalf("forwarding the node port: %v", err)
	}
	d.port = "localhost:" + port
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.serve(t, conn)
		}
	}()
}

func (d *depot) serve(t testing.TB, conn net.Conn) {
	defer conn.Close()
	pod, err := net.DialTimeout("tcp", d.endpoint(t, false), time.Second)
	if err != nil {
		if pod, err = net.DialTimeout("tcp", d.endpoint(t, true), time.Second); err != nil {
			return
		}
	}
	defer pod.Close()
	go func() { _, _ = io.Copy(pod, conn); pod.(*net.TCPConn).CloseWrite() }() // either end may be gone
	_, _ = io.Copy(counter{conn, &d.served}, pod)                              // as above
}

// counter counts what is written.
type counter struct {
	io.Writer
	n *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.Writer.Write(p)
}

// endpoint is the address of the pod; it changes when the registry is restarted.
func (d *depot) endpoint(t testing.TB, again bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !again && d.address != "" || time.Since(d.looked) < 200*time.Millisecond {
		return d.address
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := d.run(ctx, nil, d.Kubectl, "-n", d.Name, "get", "endpointslices", "-l", "kubernetes.io/service-name=registry",
		"-o", `jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}`)
	d.looked = time.Now()
	if address, _, _ := strings.Cut(strings.TrimSpace(r.Stdout), "\n"); address != "" {
		d.address = net.JoinHostPort(address, "5000")
	}
	return d.address
}

// regprune runs "kubectl regprune" as a user of its own would.
func (d *depot) regprune(t testing.TB, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return d.regpruneAs(ctx, t, args...)
}

func (d *depot) regpruneAs(ctx context.Context, t testing.TB, args ...string) Result {
	t.Helper()
	d.Plugin(t, "kubectl-regprune")
	var stdout, stderr strings.Builder
	cmd := d.Command(ctx, d.Kubectl, append([]string{"regprune", "-n", d.Name}, args...)...)
	cmd.Env = append(cmd.Env, d.habits()...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("starting kubectl regprune: %v", err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// habits are where the user keeps runs and what is remembered.
func (d *depot) habits() []string {
	return []string{"XDG_STATE_HOME=" + filepath.Join(d.home, "state"), "XDG_CACHE_HOME=" + filepath.Join(d.home, "cache")}
}

// pod is the name and the UID of the registry's pod.
func (d *depot) pod(t testing.TB) string {
	t.Helper()
	return d.Must(t, "get", "pods", "-l", "app=registry", "-o", "jsonpath={range .items[*]}{.metadata.name}/{.metadata.uid} {end}")
}

// must is regprune with the exit code that it has to have.
func (d *depot) must(t testing.TB, code int, args ...string) Result {
	t.Helper()
	r := d.regprune(t, args...)
	if r.Code != code {
		t.Fatalf("kubectl regprune %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// file writes what a command printed where the next one can read it.
func (d *depot) file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(d.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stored is the size of all blobs, as the registry's container sees its files.
func (d *depot) stored(t testing.TB) int64 {
	t.Helper()
	out := d.Must(t, "exec", d.workload, "--", "sh", "-c",
		"find /var/lib/registry/docker/registry/v2/blobs -type f -name data -exec stat -c %s {} + | awk '{n += $1} END {print n+0}'")
	n, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		t.Fatalf("summing up the blobs: %v", err)
	}
	return n
}

// settings is what a restart must not change: all of the pod's template, and the
// annotations of the workload but for what Kubernetes counts.
func (d *depot) settings(t testing.TB) string {
	t.Helper()
	format := `jsonpath={.spec.template}{"\n"}{.metadata.annotations.owner}{"\n"}{.metadata.annotations.regprune\.kubectl-suite\.dev/quiesce}`
	return d.Must(t, "get", d.workload, "-o", format)
}

// writable tries to begin an upload.
func (d *depot) writable() error {
	code, header, _, err := d.ask("POST", "/v2/"+d.Name+"/app/blobs/uploads/", nil, "")
	if err != nil {
		return err
	}
	if code != 202 {
		return fmt.Errorf("beginning an upload: status %d", code)
	}
	_, _, _, err = d.ask("DELETE", header.Get("Location"), nil, "")
	return err
}
