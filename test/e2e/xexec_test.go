//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// xexecResult is one row of the report, as its readers know it.
type xexecResult struct {
	Context, Namespace, Pod, UID, Node, Container string
	Outcome                                       string
	ExitCode                                      *int
	Stdout, Stderr                                string
	Truncated, Verified                           bool
	Reason                                        string
}

// xexec runs "kubectl xexec ARGS" in the namespace, by way of kubectl.
func (n *Namespace) xexec(t testing.TB, args ...string) Result {
	t.Helper()
	n.Plugin(t, "kubectl-xexec")
	return n.Cluster.Run(t, n.Kubectl, append([]string{"xexec", "-n", n.Name}, args...)...)
}

// report runs xexec with -o json and reads the document.
func (n *Namespace) report(t testing.TB, args ...string) ([]xexecResult, Result) {
	t.Helper()
	r := n.xexec(t, append([]string{"-o", "json"}, args...)...)
	var doc struct {
		APIVersion, Kind string
		Results          []xexecResult
	}
	if err := json.Unmarshal([]byte(r.Stdout), &doc); err != nil {
		t.Fatalf("reading the report: %v\n%s%s", err, r.Stdout, r.Stderr)
	}
	if doc.APIVersion != "xexec.kubectl-suite.dev/v1alpha1" || doc.Kind != "ExecReport" {
		t.Errorf("the report calls itself %s %s", doc.APIVersion, doc.Kind)
	}
	return doc.Results, r
}

// TestXexecWorkload runs a command in each of three replicas, live and as a report.
func TestXexecWorkload(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pods := n.Pods(t, "app=web")

	r := n.xexec(t, "deploy/web", "--", "sh", "-c", "hostname; echo talk >&2")
	var want []string
	for _, p := range pods {
		want = append(want, fmt.Sprintf("%s | %s", p, p))
	}
	got := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	slices.Sort(got)
	if r.Code != 0 || !slices.Equal(got, want) || strings.Count(r.Stderr, " ! talk\n") != 3 || !strings.Contains(r.Stderr, "3 pods: 3 ok") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}

	results, r := n.report(t, "-l", "app=web", "--", "sh", "-c", "hostname; exit 9")
	if len(results) != 3 || r.Code != 1 {
		t.Fatalf("%d results, exit code %d: %s", len(results), r.Code, r.Stderr)
	}
	for _, row := range results {
		uid := n.Must(t, "get", "pod", row.Pod, "-o", "jsonpath={.metadata.uid} {.spec.nodeName}")
		if row.UID+" "+row.Node != uid || row.Outcome != "failed" || row.ExitCode == nil || *row.ExitCode != 9 || row.Stdout != row.Pod+"\n" || !row.Verified {
			t.Errorf("row %+v, want failed with 9 on %s", row, uid)
		}
	}
}

// TestXexecFeelsLikeKubectlExec compares the two, byte for byte.
func TestXexecFeelsLikeKubectlExec(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pod := n.Pods(t, "app=web")[0]
	for _, args := range [][]string{
		{pod, "--", "cat", "/www/index.html"},
		{pod, "--", "sh", "-c", "echo out; echo err >&2; exit 3"},
		{"pod/" + pod, "-c", "web", "--", "echo", "-n", "-l"},
		{pod, "--", "sh", "-c", `i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done`},
		{pod, "--", "sh", "-c", "kill -9 $$"},
		{pod, "-t", "--", "test", "-t", "1"},
	} {
		theirs, ours := n.Run(t, append([]string{"exec"}, args...)...), n.xexec(t, args...)
		if theirs != ours {
			t.Errorf("%q: kubectl exec ended with %d, xexec with %d\n%.200q\n%.200q\n%q\n%q", args, theirs.Code, ours.Code, theirs.Stdout, ours.Stdout, theirs.Stderr, ours.Stderr)
		}
	}
}

// TestXexecTerminal opens a terminal in the pod.
func TestXexecTerminal(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	n.Plugin(t, "kubectl-xexec")
	cmd := n.Command(t.Context(), n.Kubectl, "xexec", "-n", n.Name, "-it", n.Pods(t, "app=web")[0], "--", "sh")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 132})
	if err != nil {
		t.Fatalf("starting on a terminal: %v", err)
	}
	defer terminal.Close()
	screen := &lockedBuffer{}
	done := make(chan struct{})
	go func() { defer close(done); screen.fill(terminal) }()
	for _, step := range []struct{ press, shows string }{
		// The size follows the start of the command, so the shell may be there first.
		{"until stty size; do sleep 0.1; done 2>&-; echo size $(stty size)\r", "size 40 132"},
		{"sleep 600\r", "sleep 600"},
		{"\x03", "^C"}, // ends the sleep, not the session
		{"echo $((6*7)); exit 5\r", "42"},
	} {
		if _, err := terminal.WriteString(step.press); err != nil {
			t.Fatalf("typing %q: %v", step.press, err)
		}
		Eventually(t, 20*time.Second, func() error {
			if !strings.Contains(screen.String(), step.shows) {
				return fmt.Errorf("no %q on the screen: %q", step.shows, screen)
			}
			return nil
		})
	}
	err = cmd.Wait()
	<-done
	if cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("ended with %v, want exit code 5; screen %q", err, screen)
	}
}

// TestXexecWithoutAShell tells a command that cannot start from one that failed.
func TestXexecWithoutAShell(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "distroless.yaml")
	results, r := n.report(t, "deploy/distroless", "--", "sh", "-c", "true")
	if len(results) != 1 || results[0].Outcome != "not-started" || results[0].ExitCode != nil || r.Code != 127 {
		t.Errorf("exit code %d, results %+v; want not-started and 127", r.Code, results)
	}
	if !strings.Contains(r.Stderr, `"sh" was not found in the container`) || !strings.Contains(r.Stderr, "hint: ") || strings.Count(r.Stderr, "\n") != 2 {
		t.Errorf("stderr %q, want one clear line and a hint", r.Stderr)
	}
}

// TestXexecPodDeleted deletes the pod under a running command: the end is never
// reported as success. A command that the runtime still sees die has SIGKILL's
// exit code; one that it does not is lost.
func TestXexecPodDeleted(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pod := n.Pods(t, "app=web")[0]
	var results []xexecResult
	var r Result
	n.duringExec(t, func() { results, r = n.report(t, pod, "--", "sh", "-c", "touch /www/begun; sleep 300") }, pod, func() {
		n.Must(t, "delete", "pod", pod, "--wait=false")
	})
	killed := len(results) == 1 && results[0].Outcome == "failed" && *results[0].ExitCode == 137 && r.Code == 137
	lost := len(results) == 1 && results[0].Outcome == "lost" && results[0].ExitCode == nil && r.Code == 4
	if !killed && !lost {
		t.Errorf("exit code %d, results %+v; want failed with 137, or lost", r.Code, results)
	}
}

// TestXexecContainerdRestart kills the container runtime under a running command.
// Nobody can know how it ended, so it is lost. Not parallel: it cuts every stream
// of the cluster.
func TestXexecContainerdRestart(t *testing.T) {
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pods := n.Pods(t, "app=web")
	var results []xexecResult
	var r Result
	n.duringExec(t, func() {
		results, r = n.report(t, "deploy/web", "--", "sh", "-c", "echo begun; touch /www/begun; sleep 300")
	}, pods[0], func() {
		n.Restart(t, "containerd")
	})
	if len(results) != 3 || r.Code != 4 {
		t.Fatalf("exit code %d, results %+v; want 3 lost and 4", r.Code, results)
	}
	for _, row := range results {
		if row.Outcome != "lost" || row.ExitCode != nil || row.Stdout != "begun\n" || row.Verified {
			t.Errorf("row %+v, want lost with the output so far", row)
		}
	}
}

// TestXexecKubeletRestart kills the kubelet under a running command: the connection
// is cut, and the command is lost. A supervised one is ended.
func TestXexecKubeletRestart(t *testing.T) {
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pods := n.Pods(t, "app=web")
	var results []xexecResult
	var r Result
	n.duringExec(t, func() {
		results, r = n.report(t, "deploy/web", "--grace", "1s", "--", "sh", "-c", "echo begun; touch /www/begun; sleep 301")
	}, pods[0], func() {
		n.Restart(t, "kubelet")
	})
	if len(results) != 3 || r.Code != 4 {
		t.Fatalf("exit code %d, results %+v; want 3 lost and 4", r.Code, results)
	}
	for _, row := range results {
		if row.Outcome != "lost" || row.ExitCode != nil || row.Stdout != "begun\n" || row.Verified {
			t.Errorf("row %+v, want lost with the output so far", row)
		}
	}
}

// TestXexecSecretsStayOut looks for a secret where it must not be: in the audit log,
// in the output, and in what is remembered of the run.
func TestXexecSecretsStayOut(t *testing.T) { // not parallel: it looks at the last run
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	const secret = "not-for-any-log-7319"
	script := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n# "+secret+"\necho \"$1 ${#TOKEN} $(pwd)\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	results, r := n.report(t, "deploy/web", "--env", "TOKEN="+secret, "--workdir", "/www", "--script", script, "--", "argument")
	if len(results) != 3 || r.Code != 0 {
		t.Fatalf("exit code %d, results %+v: %s", r.Code, results, r.Stderr)
	}
	for _, row := range results {
		if want := fmt.Sprintf("argument %d /www\n", len(secret)); row.Stdout != want || !row.Verified {
			t.Errorf("row %+v, want %q", row, want)
		}
	}
	audit, err := os.ReadFile(n.Testbed(t).AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	runs := n.Cluster.Run(t, n.Kubectl, "xexec", "runs", "last")
	if bytes.Contains(audit, []byte(secret)) || strings.Contains(r.Stdout+r.Stderr+runs.Stdout+runs.Stderr, secret) {
		t.Error("the secret is in the audit log, in the output or in the record of the run")
	}
	if !bytes.Contains(audit, []byte("command=argument")) {
		t.Error("the audit log does not show what was run")
	}
}

// TestXexecComparison finds the one pod that differs, and runs the command there
// again.
func TestXexecComparison(t *testing.T) { // not parallel: it looks at the last run
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	odd := n.Pods(t, "app=web")[1]
	r := n.xexec(t, "deploy/web", "--diff", "--", "sh", "-c", "hostname; test $(hostname) != "+odd+" || { echo odd; exit 3; }")
	for _, want := range []string{"── 2 pods · exit 0", "── 1 pod · exit 3", "exit 0 → exit 3", "+odd"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("no %q in\n%s%s", want, r.Stdout, r.Stderr)
		}
	}
	if again := n.Cluster.Run(t, n.Kubectl, "xexec", "--rerun", "failed"); again.Code != 3 || !strings.Contains(again.Stdout, "odd") {
		t.Errorf("rerun: exit code %d\n%s%s", again.Code, again.Stdout, again.Stderr)
	}
}

// duringExec calls disturb while run's command, which makes /www/begun, is running
// in pod, and waits for run.
func (n *Namespace) duringExec(t *testing.T, run func(), pod string, disturb func()) {
	t.Helper()
	n.Plugin(t, "kubectl-xexec")
	var wg sync.WaitGroup
	wg.Go(run)
	Eventually(t, 30*time.Second, func() error {
		if r := n.Run(t, "exec", pod, "--", "ls", "/www/begun"); r.Code != 0 {
			return fmt.Errorf("the command has not begun: %s", r.Stderr)
		}
		return nil
	})
	disturb()
	wg.Wait()
}

// TestXexecDenied runs as an account that may see pods but not enter them: one
// question beforehand, and no exec request at all.
func TestXexecDenied(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	n.Must(t, "create", "serviceaccount", "looker")
	n.Must(t, "create", "role", "looker", "--verb=get,list", "--resource=pods,deployments.apps,replicasets.apps")
	n.Must(t, "create", "rolebinding", "looker", "--role=looker", "--serviceaccount="+n.Name+":looker")
	results, r := n.report(t, "--as", "system:serviceaccount:"+n.Name+":looker", "deploy/web", "--", "true")
	for _, row := range results {
		if row.Outcome != "denied" || row.ExitCode != nil || !strings.Contains(row.Reason, "pods/exec") {
			t.Errorf("row %+v, want denied", row)
		}
	}
	if len(results) != 3 || r.Code != 4 || !strings.Contains(r.Stderr, "hint: ") {
		t.Errorf("exit code %d, %d results: %s", r.Code, len(results), r.Stderr)
	}
	if requests := n.Requests(t, "exec"); len(requests) != 0 {
		t.Errorf("the API server saw %d exec requests, want none: %+v", len(requests), requests)
	}
}

// TestXexecBadInput: one clear line, a hint and the documented exit code.
func TestXexecBadInput(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pod := n.Pods(t, "app=web")[0]
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"web", "--", "ls"}, 3, "deployment/web"},
		{[]string{pod, "-c", "nope", "--", "ls"}, 3, "its containers are: web"},
		{[]string{"-n", "no-such-namespace", pod, "--", "ls"}, 3, `namespace "no-such-namespace" not found`},
		{[]string{"-l", "app=nope", "--", "ls"}, 3, "no pod matches"},
		{[]string{pod, "ls"}, 2, "did you mean: kubectl xexec " + pod + " -- ls"},
		{[]string{"--context", "nope", pod, "--", "ls"}, 1, `context "nope" does not exist`},
		{[]string{"--kubeconfig", "/does/not/exist", pod, "--", "ls"}, 1, "no such file"},
	} {
		r := n.xexec(t, tc.args...)
		if r.Code != tc.code || !strings.Contains(r.Stderr, tc.want) || r.Stdout != "" ||
			!strings.HasPrefix(r.Stderr, "error: ") || strings.Count(r.Stderr, "\n") != 2 || !strings.Contains(r.Stderr, "\nhint: ") {
			t.Errorf("%q: exit code %d, want %d and %q:\n%s%s", tc.args, r.Code, tc.code, tc.want, r.Stdout, r.Stderr)
		}
	}
}

// lockedBuffer collects what a terminal shows.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) fill(from interface{ Read([]byte) (int, error) }) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		b.mu.Lock()
		b.text.Write(buf[:n])
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}
