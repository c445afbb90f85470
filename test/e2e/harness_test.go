//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Cluster is the cluster under test and the programs to use it with.
type Cluster struct {
	Kubeconfig string
	Kubectl    string // the version that hack/programs pins
	root       string // of the checkout
}

// Testbed is what hack/testbed writes beside its kubeconfig.
type Testbed struct {
	NodeName  string   `json:"nodeName"`
	NodeIP    string   `json:"nodeIP"`
	Parts     []string `json:"parts"`
	AuditLog  string   `json:"auditLog"`
	Command   []string `json:"command"`
	Processes []struct {
		Name string `json:"name"`
		PID  int    `json:"pid"`
		Log  string `json:"log"`
	} `json:"processes"`
}

// Connect finds the cluster; it ends the test when there is none.
func Connect(t testing.TB) *Cluster {
	t.Helper()
	cluster, err := connect()
	if err != nil {
		t.Fatalf("connecting to the cluster: %v", err)
	}
	return cluster
}

var connect = sync.OnceValues(func() (*Cluster, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	kubeconfig := os.Getenv("TESTBED_KUBECONFIG")
	if kubeconfig == "" {
		return nil, errors.New("TESTBED_KUBECONFIG is not set; run hack/testbed/testbed up and set it to the path that it prints")
	}
	if !filepath.IsAbs(kubeconfig) {
		kubeconfig = filepath.Join(root, kubeconfig)
	}
	build := exec.Command(filepath.Join(root, "hack", "programs", "build"), "kubernetes/kubectl")
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("building kubectl: %w", err)
	}
	cluster := &Cluster{Kubeconfig: kubeconfig, Kubectl: strings.TrimSpace(string(out)), root: root}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if r := cluster.run(ctx, nil, cluster.Kubectl, "get", "--raw", "/readyz"); r.Code != 0 {
		return nil, fmt.Errorf("asking %q for /readyz: %s", kubeconfig, r.Stderr)
	}
	return cluster, nil
})

// Result is how a program ended.
type Result struct {
	Stdout, Stderr string
	Code           int // -1 if a signal or the deadline ended it
}

// Env is the environment for programs under test: the cluster's kubeconfig, a
// home without any habits of the user, and the built plugins and kubectl first
// in PATH, so that "kubectl xexec" finds ours.
func (c *Cluster) Env() []string {
	path := filepath.Dir(c.Kubectl) + ":" + os.Getenv("PATH")
	if dir := pluginDir(); dir != "" {
		path = dir + ":" + path
	}
	return []string{"KUBECONFIG=" + c.Kubeconfig, "PATH=" + path, "HOME=" + filepath.Dir(c.Kubeconfig), "KUBECTL_KUBERC=false"}
}

// Command prepares a program with Env, for tests that need its pipes or its
// pid. Its context ends it.
func (c *Cluster) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = c.Env()
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// Run runs a program to its end, at most two minutes.
func (c *Cluster) Run(t testing.TB, program string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return c.run(ctx, nil, program, args...)
}

func (c *Cluster) run(ctx context.Context, stdin io.Reader, program string, args ...string) Result {
	var stdout, stderr strings.Builder
	cmd := c.Command(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		fmt.Fprintln(&stderr, err)
		return Result{stdout.String(), stderr.String(), -1}
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// Testbed describes the testbed; it ends the test on any other cluster.
func (c *Cluster) Testbed(t testing.TB) Testbed {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(c.Kubeconfig), "testbed.json"))
	if err != nil {
		t.Fatalf("this test needs the cluster of hack/testbed: %v", err)
	}
	var testbed Testbed
	if err := json.Unmarshal(data, &testbed); err != nil {
		t.Fatalf("reading testbed.json: %v", err)
	}
	return testbed
}

// Restart kills a daemon of the testbed (say "containerd") as a crash would and
// returns when it works again.
func (c *Cluster) Restart(t testing.TB, component string) {
	t.Helper()
	command := c.Testbed(t).Command
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], "restart", component)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("restarting %s: %v\n%s", component, err, out)
	}
}
