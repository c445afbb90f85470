//go:build krew

package krew

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tools are the folders of the programs under hack/programs.
type tools struct{ krew, kubectl string }

func programs(t *testing.T) tools {
	t.Helper()
	found, err := buildPrograms()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var buildPrograms = sync.OnceValues(func() (tools, error) {
	cmd := exec.Command("../../hack/programs/build", "krew", "kubernetes/kubectl")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return tools{}, fmt.Errorf("building krew and kubectl: %w", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != 2 {
		return tools{}, fmt.Errorf("hack/programs/build printed %q", out)
	}
	return tools{krew: lines[0], kubectl: lines[1]}, nil
})

// krew is a user with kubectl, krew and nothing else: a home, a KREW_ROOT and a
// kubeconfig of its own.
type krew struct {
	root      string
	env       []string
	kubectl   string
	apiServer *silentServer
}

func newKrew(t *testing.T) *krew {
	t.Helper()
	home, found := t.TempDir(), programs(t)
	bin := filepath.Join(home, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"kubectl": found.kubectl, "kubectl-krew": filepath.Join(found.krew, "krew")} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	k := &krew{root: filepath.Join(home, "krew"), kubectl: filepath.Join(bin, "kubectl"), apiServer: newSilentServer(t)}
	path := []string{filepath.Join(k.root, "bin"), bin}
	if git, err := exec.LookPath("git"); err == nil {
		path = append(path, linkAlone(t, home, git))
	}
	k.env = []string{
		"HOME=" + home,
		"KREW_ROOT=" + k.root,
		"KREW_NO_UPGRADE_CHECK=1",
		"PATH=" + strings.Join(path, string(os.PathListSeparator)),
		"KUBECONFIG=" + k.apiServer.kubeconfig(t, home),
		"TMPDIR=" + t.TempDir(),
	}
	return k
}

// linkAlone puts one program into a folder of its own, so that the machine's other
// kubectl plugins stay out of sight.
func linkAlone(t *testing.T, home, program string) string {
	t.Helper()
	dir := filepath.Join(home, "other")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, filepath.Base(program))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (k *krew) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = k.env
	return cmd
}

// run runs kubectl and returns its exit code and everything it printed.
func (k *krew) run(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	cmd := k.command(t, k.kubectl, args...)
	text, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// must runs kubectl, which must succeed, and returns its standard output.
func (k *krew) must(t *testing.T, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := k.command(t, k.kubectl, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// installed returns the folder into which krew put this version of a plugin.
func (k *krew) installed(t *testing.T, plugin, tag string) string {
	t.Helper()
	dir := filepath.Join(k.root, "store", plugin, tag)
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("krew did not install %s: %v", plugin, err)
	}
	return dir
}

// silentServer stands where the API server would be, counts who calls and hangs up.
type silentServer struct {
	listener net.Listener
	calls    atomic.Int64
}

func newSilentServer(t *testing.T) *silentServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &silentServer{listener: listener}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.calls.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return s
}

func (s *silentServer) connections() int64 { return s.calls.Load() }

func (s *silentServer) kubeconfig(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "kubeconfig")
	text := `apiVersion: v1
kind: Config
current-context: silent
clusters: [{name: silent, cluster: {server: "http://` + s.listener.Addr().String() + `"}}]
contexts: [{name: silent, context: {cluster: silent, user: nobody}}]
users: [{name: nobody, user: {}}]
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
