package podconn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

// refused fails unless err says that the pod refused the connection.
func refused(t *testing.T, err error) {
	t.Helper()
	var pod *podconn.PodError
	if !errors.As(err, &pod) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("%v (%T), want a PodError that is ECONNREFUSED", err, err)
	}
	if pod.Pod != "web-0" || pod.Port != 6399 || !strings.Contains(pod.Text, "6399") {
		t.Errorf("PodError = %+v", pod)
	}
}

func TestRefusedPort(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		p := kubetest.Pod("default", "web-0")
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
		s.Put(p)
		// On a machine this busy a refusal may take longer than usual.
		_, err := dialer(t, s, podconn.Grace(5*time.Second)).DialContext(within(t, 10*time.Second), "tcp", "pod/web-0:6399")
		refused(t, err)
		if want := `connecting to "pod/web-0:6399": connection refused in the pod`; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		if h := hint.Of(err); !strings.Contains(h, "nothing listens on localhost:6399") || !strings.Contains(h, "http (8080)") {
			t.Errorf("hint %q", h)
		}
	})
}

// TestRefusedLate has no grace, so that the refusal finds a connection that is
// already in use.
func TestRefusedLate(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		d := dialer(t, s, podconn.Grace(0))
		c, err := d.DialContext(within(t, 10*time.Second), "tcp", "web-0:6399")
		if err != nil {
			refused(t, err) // it was quicker than the node's replies
			return
		}
		defer c.Close()
		_, err = io.ReadAll(c)
		refused(t, err)
		_, err = c.Write([]byte("x"))
		refused(t, err)
	})
}

func TestResetInMidStream(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, func(c net.Conn) {
			io.WriteString(c, "half an ans")
			io.ReadFull(c, make([]byte, 2)) // until the client has got it
			c.(*net.TCPConn).SetLinger(0)
		}))
		got := make([]byte, 11)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "half an ans" {
			t.Fatalf("read %q, %v", got, err)
		}
		io.WriteString(c, "ok")
		_, err := c.Read(got)
		var pod *podconn.PodError
		if !errors.As(err, &pod) || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Read after a reset: %v, want a PodError that is ECONNRESET", err)
		}
	})
}

// TestConnectionLost cuts the way to the pod in two places. Neither may look like
// the end of the answer.
func TestConnectionLost(t *testing.T) {
	for _, cut := range []struct {
		name string
		how  func(*kubetest.Server)
	}{
		{"kubelet", (*kubetest.Server).RestartKubelet},
		{"runtime", (*kubetest.Server).RestartRuntime},
	} {
		t.Run(cut.name, func(t *testing.T) {
			each(t, func(t *testing.T, s *kubetest.Server) {
				port := listen(t, s, echo)
				c := dial(t, s, port)
				io.WriteString(c, "x")
				if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				cut.how(s)
				c.SetReadDeadline(time.Now().Add(10 * time.Second))
				_, err := c.Read(make([]byte, 1))
				if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
					t.Errorf("Read after the connection was cut: %v, want io.ErrUnexpectedEOF", err)
				}
				again := dial(t, s, port)
				io.WriteString(again, "y")
				if _, err := io.ReadFull(again, make([]byte, 1)); err != nil {
					t.Errorf("a new connection after the old was cut: %v", err)
				}
			})
		})
	}
}

func TestPodThatCannotBeReached(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		pending := kubetest.Pod("default", "pending")
		pending.Status.Phase, pending.Spec.NodeName = corev1.PodPending, ""
		done := kubetest.Pod("default", "done")
		done.Status.Phase = corev1.PodSucceeded
		s.Put(pending, done)
		for _, tc := range []struct{ addr, err, hint string }{
			{"pod/web:80", `pod "web" not found in namespace "default"`, "did you mean web-0"},
			{"pod/pending:80", "the pod is Pending", "kubectl describe pod pending -n default"},
			{"pod/done:80", "the pod is Succeeded", "kubectl describe pod done -n default"},
			{"svc/web:80", `service "web" not found`, "kubectl get services"},
			{"pod/web-0:http", `no TCP port named "http"`, "declare no ports"},
			{"nonsense", "want pod/NAME:PORT", ""},
		} {
			_, err := dialer(t, s, podconn.Grace(5*time.Second)).DialContext(within(t, 10*time.Second), "tcp", tc.addr)
			if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(hint.Of(err), tc.hint) {
				t.Errorf("dial %s: %v, hint %q; want %q, hint %q", tc.addr, err, hint.Of(err), tc.err, tc.hint)
			}
		}
		if _, err := dialer(t, s).DialContext(context.Background(), "udp", "web-0:53"); err == nil || !strings.Contains(err.Error(), "unknown network udp") {
			t.Errorf("dial of udp: %v", err)
		}
	})
}

func TestForbidden(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		s.Deny(kubetest.Rule{Resource: "pods/portforward"})
		_, err := dialer(t, s).DialContext(within(t, 10*time.Second), "tcp", "pod/web-0:80")
		if err == nil || !strings.Contains(err.Error(), "forbidden") || !strings.Contains(hint.Of(err), "kubectl auth can-i create pods --subresource=portforward -n default") {
			t.Errorf("error %v, hint %q", err, hint.Of(err))
		}
		if n := s.Recorder().Upgrades("portforward"); n != 1 {
			t.Errorf("%d upgrade requests, want 1", n)
		}
	})
}

// TestHangingServer stops at each step of a dial in turn. The context must end it
// there.
func TestHangingServer(t *testing.T) {
	for name, cfg := range map[string]func(*testing.T) *rest.Config{
		"tls": hangInTLS, "answer": hangInAnswer, "streams": hangInStreams,
	} {
		t.Run(name, func(t *testing.T) {
			d, err := podconn.New(cfg(t), "default")
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = d.DialContext(within(t, 200*time.Millisecond), "tcp", "web-0:80")
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
				t.Errorf("dial ended after %v with %v, want context.DeadlineExceeded after 200ms", took, err)
			}
		})
	}
}

func hangInTLS(t *testing.T) *rest.Config {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &rest.Config{Host: "https://" + l.Addr().String()}
}

func hangInAnswer(t *testing.T) *rest.Config {
	return hangIn(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

func hangInStreams(t *testing.T) *rest.Config {
	return hangIn(t, func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+portforward.k8s.io"}}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		for err == nil { // reads what it is asked, and does not react
			_, _, err = ws.ReadMessage()
		}
	})
}

func hangIn(t *testing.T, h http.HandlerFunc) *rest.Config {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &rest.Config{Host: s.URL}
}
