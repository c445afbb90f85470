package kubetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
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

func dialer(t *testing.T, s *kubetest.Server, transport string) httpstream.Dialer {
	t.Helper()
	u := client(t, s).CoreV1().RESTClient().Post().Resource("pods").Namespace("default").Name("web-0").SubResource("portforward").URL()
	cfg := s.RESTConfig()
	rt, upgrader, err := spdy.RoundTripperFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := spdy.NewDialer(upgrader, &http.Client{Transport: rt}, http.MethodPost, u)
	if transport == "websocket" {
		if d, err = portforward.NewSPDYOverWebsocketDialer(u, cfg); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// forward opens a port with client-go's forwarder and returns its address.
func forward(t *testing.T, s *kubetest.Server, transport string) string {
	t.Helper()
	stop, ready := make(chan struct{}), make(chan struct{})
	fw, err := portforward.New(dialer(t, s, transport), []string{":80"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- fw.ForwardPorts() }()
	t.Cleanup(func() { close(stop); <-done })
	select {
	case <-ready:
	case err := <-done:
		done <- err
		t.Fatalf("forwarding: %v", err)
	}
	ports, err := fw.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local)
}

func TestPortForwardReachesTheBackend(t *testing.T) {
	everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
		backend, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Close()
		go func() {
			for {
				c, err := backend.Accept()
				if err != nil {
					return
				}
				go func() { io.Copy(c, c); c.Close() }()
			}
		}()
		s.Forward("default/web-0", 80, backend.Addr().String())
		c, err := net.Dial("tcp", forward(t, s, transport))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprint(c, "echo")
		buf := make([]byte, 4)
		if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "echo" {
			t.Errorf("read %q, %v", buf, err)
		}
		if n := s.Recorder().Upgrades("portforward"); n != 1 {
			t.Errorf("%d portforward requests, want 1", n)
		}
	})
}

func TestPortForwardToAClosedPortSaysSo(t *testing.T) {
	everyPath(t, func(t *testing.T, s *kubetest.Server, transport string) {
		conn, _, err := dialer(t, s, transport).Dial(portforward.PortForwardProtocolV1Name)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		h := http.Header{}
		h.Set(corev1.PortHeader, "6379")
		h.Set(corev1.PortForwardRequestIDHeader, "0")
		h.Set(corev1.StreamType, corev1.StreamTypeError)
		errStream, err := conn.CreateStream(h)
		if err != nil {
			t.Fatal(err)
		}
		h.Set(corev1.StreamType, corev1.StreamTypeData)
		if _, err := conn.CreateStream(h); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(errStream)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"error forwarding port 6379 to pod default/web-0", "connection refused"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("error stream %q lacks %q", text, want)
			}
		}
	})
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
