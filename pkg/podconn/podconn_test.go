package podconn_test

import (
	"context"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

// TestMain fails if goroutines are left. The exceptions are the server's, which
// has SPDY sessions of this library, as podconn has not: they take a second to
// end, and one whose client goes away before its streams are confirmed never does.
func TestMain(m *testing.M) {
	if os.Getenv(quietClient) != "" {
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Connection).shutdown"),
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Stream).waitWriteReply"))
}

// each runs a test over WebSocket as both wirings have it, and over SPDY.
func each(t *testing.T, test func(t *testing.T, s *kubetest.Server)) {
	t.Helper()
	for _, tc := range []struct {
		name  string
		minor int
		off   string
	}{{"websocket", 37, ""}, {"websocket translated by the API server", 35, ""}, {"spdy", 37, "false"}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", tc.off)
			s := kubetest.Start(t, kubetest.Options{Minor: tc.minor})
			s.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, kubetest.Pod("default", "web-0"))
			test(t, s)
		})
	}
}

// listen serves one port of pod default/web-0 with handle, a connection at a time
// in its own goroutine.
func listen(t *testing.T, s *kubetest.Server, handle func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			handlers.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		handlers.Wait()
	})
	port = l.Addr().(*net.TCPAddr).Port
	s.Forward("default/web-0", port, l.Addr().String())
	return port
}

func echo(c net.Conn) { io.Copy(c, c) }

func dialer(t *testing.T, s *kubetest.Server, opts ...podconn.Option) *podconn.Dialer {
	t.Helper()
	d, err := podconn.New(s.RESTConfig(), "default", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func dial(t *testing.T, s *kubetest.Server, port int) net.Conn {
	t.Helper()
	c, err := dialer(t, s).DialContext(within(t, 10*time.Second), "tcp", "pod/web-0:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestEcho(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, echo))
		for _, want := range []string{"hello", "x", "again"} {
			if _, err := io.WriteString(c, want); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
				t.Fatalf("read %q, %v; want %q", got, err, want)
			}
		}
	})
}
