package kubetest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func dialer(t *testing.T, s *kubetest.Server, transport string) httpstream.Dialer {
	t.Helper()
	u := client(t, s).CoreV1().RESTClient().Post().Resource("pods").Namespace("default").Name("web-0").SubResource("portforward").URL()
	cfg := s.RESTConfig()
	rt, upgrader, err := spdy.RoundTripperFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: rt}, http.MethodPost, u)
	if transport == "websocket" {
		if d, err = portforward.NewSPDYOverWebsocketDialerForStreaming(u, cfg); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// forward opens a port with client-go's forwarder and returns its address.
func forward(t *testing.T, s *kubetest.Server, transport string) string {
	t.Helper()
	stop, ready := make(chan struct{}), make(chan struct{})
	fw, err := portforward.NewForStreaming(dialer(t, s, transport), []string{":80"}, stop, ready, io.Discard, io.Discard)
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
