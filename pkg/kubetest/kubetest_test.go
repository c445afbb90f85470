package kubetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func client(t *testing.T, s *kubetest.Server) *kubernetes.Clientset {
	t.Helper()
	c, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// executor makes client-go's own executor: the tests of a server must not lean
// on the client that the server exists to test.
func executor(t *testing.T, s *kubetest.Server, transport string, opts *corev1.PodExecOptions) remotecommand.Executor {
	t.Helper()
	req := client(t, s).CoreV1().RESTClient().Post().Resource("pods").Namespace("default").Name("web-0").
		SubResource("exec").VersionedParams(opts, scheme.ParameterCodec)
	var ex remotecommand.Executor
	var err error
	if transport == "websocket" {
		ex, err = remotecommand.NewWebSocketExecutor(s.RESTConfig(), http.MethodGet, req.URL().String())
	} else {
		ex, err = remotecommand.NewSPDYExecutor(s.RESTConfig(), http.MethodPost, req.URL())
	}
	if err != nil {
		t.Fatal(err)
	}
	return ex
}

func everyPath(t *testing.T, test func(t *testing.T, s *kubetest.Server, transport string)) {
	for _, minor := range []int{34, 37} {
		for _, transport := range []string{"websocket", "spdy"} {
			t.Run(fmt.Sprintf("1.%d/%s", minor, transport), func(t *testing.T) {
				s := kubetest.Start(t, kubetest.Options{Minor: minor})
				s.Put(kubetest.Pod("default", "web-0", "app"))
				test(t, s, transport)
			})
		}
	}
}

func TestExecPassesStreamsAndExitCode(t *testing.T) {
	everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
		ex := executor(t, s, transport, &corev1.PodExecOptions{
			Command: []string{"sh", "-c", "cat; echo err >&2; exit 7"}, Stdin: true, Stdout: true, Stderr: true,
		})
		var out, errOut bytes.Buffer
		err := ex.StreamWithContext(t.Context(), remotecommand.StreamOptions{
			Stdin: strings.NewReader("hello"), Stdout: &out, Stderr: &errOut,
		})
		var exit utilexec.CodeExitError
		if !errors.As(err, &exit) || exit.Code != 7 {
			t.Errorf("err = %v, want exit code 7", err)
		}
		if out.String() != "hello" || errOut.String() != "err\n" {
			t.Errorf("out = %q, err = %q", out.String(), errOut.String())
		}
		if n := s.Recorder().Upgrades("exec"); n != 1 {
			t.Errorf("%d exec requests, want 1", n)
		}
	})
}

func TestExecWithoutTheProgramFailsLikeContainerd(t *testing.T) {
	everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
		s.Container("default/web-0/app", kubetest.Container{Programs: []string{}})
		ex := executor(t, s, transport, &corev1.PodExecOptions{Command: []string{"sh"}, Stdout: true})
		err := ex.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: io.Discard})
		if err == nil || !strings.Contains(err.Error(), `OCI runtime exec failed`) ||
			!strings.Contains(err.Error(), `exec: "sh": executable file not found in $PATH`) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestExecGivesATerminal(t *testing.T) {
	everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
		ex := executor(t, s, transport, &corev1.PodExecOptions{
			Command: []string{"sh", "-c", "read line; stty size; test -t 0 && test -t 1 && echo terminal"},
			Stdin:   true, Stdout: true, TTY: true,
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		in, typist := io.Pipe()
		defer in.Close()
		go func() {
			time.Sleep(200 * time.Millisecond) // until the size has arrived
			typist.Write([]byte("go\n"))
		}()
		var out bytes.Buffer
		err := ex.StreamWithContext(ctx, remotecommand.StreamOptions{
			Stdin: in, Stdout: &out, Tty: true, TerminalSizeQueue: &oneSize{size: &remotecommand.TerminalSize{Width: 132, Height: 43}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "43 132") || !strings.Contains(out.String(), "terminal") {
			t.Errorf("out = %q", out.String())
		}
	})
}

type oneSize struct{ size *remotecommand.TerminalSize }

func (q *oneSize) Next() *remotecommand.TerminalSize {
	size := q.size
	q.size = nil
	return size
}

func TestListPagesAndSelects(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	for i := range 7 {
		p := kubetest.Pod("default", fmt.Sprintf("p-%d", i))
		p.Labels["parity"] = []string{"even", "odd"}[i%2]
		p.Spec.NodeName = []string{"a", "b"}[i%2]
		s.Put(p)
	}
	pods := client(t, s).CoreV1().Pods("default")
	var got []string
	opts := metav1.ListOptions{Limit: 3}
	for pages := 1; ; pages++ {
		list, err := pods.List(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list.Items {
			got = append(got, p.Name)
		}
		if opts.Continue = list.Continue; opts.Continue == "" {
			if pages != 3 || len(got) != 7 {
				t.Errorf("%d pages, pods %v", pages, got)
			}
			break
		}
	}
	for sel, want := range map[metav1.ListOptions]int{
		{LabelSelector: "parity=odd"}:              3,
		{FieldSelector: "spec.nodeName=a"}:         4,
		{FieldSelector: "metadata.name=p-3"}:       1,
		{FieldSelector: "status.phase!=Succeeded"}: 7,
	} {
		list, err := pods.List(t.Context(), sel)
		if err != nil || len(list.Items) != want {
			t.Errorf("%v: %d pods, %v; want %d", sel, len(list.Items), err, want)
		}
	}
}
