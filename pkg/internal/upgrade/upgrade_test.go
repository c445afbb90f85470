package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...) }

const (
	v5        = "v5.channel.k8s.io"
	v4        = "v4.channel.k8s.io"
	offSwitch = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS"
)

func server(t *testing.T) (*kubetest.Server, *upgrade.Dialer) {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	return s, dialer(t, s.RESTConfig())
}

func dialer(t *testing.T, cfg *rest.Config) *upgrade.Dialer {
	t.Helper()
	d, err := upgrade.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func execURL(d *upgrade.Dialer) *url.URL {
	return d.URL("default", "web-0", "exec", url.Values{"command": {"true"}, "stdout": {"true"}})
}

// dial opens a connection of either kind and closes it again.
func dial(ctx context.Context, d *upgrade.Dialer, kind string) error {
	if kind == "spdy" {
		c, _, err := d.SPDY(ctx, execURL(d), v4)
		if err == nil {
			c.Close()
		}
		return err
	}
	c, _, err := d.WebSocket(ctx, execURL(d), v5)
	if err == nil {
		c.Close()
	}
	return err
}

func bothKinds(t *testing.T, test func(t *testing.T, kind string)) {
	for _, kind := range []string{"websocket", "spdy"} {
		t.Run(kind, func(t *testing.T) { test(t, kind) })
	}
}

func TestUpgradesResumeTLSAndCarryCredentials(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind string) {
		var resumed, good atomic.Int32
		front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS.DidResume {
				resumed.Add(1)
			}
			h := r.Header
			if h.Get("Authorization") == "Bearer secret" && h.Get("User-Agent") == "suite/1" && h.Get("Impersonate-User") == "ann" {
				good.Add(1)
			}
			http.Error(w, "enough", http.StatusTeapot)
		}))
		defer front.Close()
		d := dialer(t, &rest.Config{
			Host: front.URL + "/prefix", BearerToken: "secret", UserAgent: "suite/1",
			Impersonate: rest.ImpersonationConfig{UserName: "ann"}, TLSClientConfig: rest.TLSClientConfig{Insecure: true},
		})
		if p := execURL(d).Path; p != "/prefix/api/v1/namespaces/default/pods/web-0/exec" {
			t.Errorf("path %q", p)
		}
		for range 4 {
			var no *upgrade.Refused
			if err := dial(t.Context(), d, kind); !errors.As(err, &no) || no.Code != http.StatusTeapot || no.Text != "enough" {
				t.Fatalf("err = %v", err)
			}
		}
		if resumed.Load() != 3 || good.Load() != 4 {
			t.Errorf("%d of 3 sessions resumed, %d of 4 requests complete", resumed.Load(), good.Load())
		}
	})
}

// TestContextEndsEveryPhase lets the server hang before TLS, before the answer,
// and in the middle of it.
func TestContextEndsEveryPhase(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind string) {
		tarpit, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer tarpit.Close()
		s, _ := server(t)
		for name, host := range map[string]string{"tls": "https://" + tarpit.Addr().String(), "answer": s.URL(), "half an answer": s.URL()} {
			if s.Faults().Clear(); name != "tls" {
				s.Faults().Set(kubetest.Fault{Break: kubetest.Stall, After: int64(len(name)) - 6})
			}
			cfg := s.RESTConfig()
			cfg.Host = host
			d := dialer(t, cfg)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			start := time.Now()
			err := dial(ctx, d, kind)
			if !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
			var open *upgrade.Unanswered
			if sent := errors.As(err, &open); sent != (name != "tls") {
				t.Errorf("%s: request counts as sent: %v", name, sent)
			}
		}
	})
}

// TestRequestTimeoutBoundsTheAnswer lets a server accept the request and say
// nothing: --request-timeout ends the wait.
func TestRequestTimeoutBoundsTheAnswer(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind string) {
		s, _ := server(t)
		s.Faults().Set(kubetest.Fault{Break: kubetest.Stall})
		cfg := s.RESTConfig()
		cfg.Timeout = 300 * time.Millisecond
		start := time.Now()
		err := dial(t.Context(), dialer(t, cfg), kind)
		if took := time.Since(start); err == nil || took > 5*time.Second {
			t.Errorf("error %v after %v, want one soon after %v", err, took, cfg.Timeout)
		}
	})
}

func TestConnectionOutlivesItsContext(t *testing.T) {
	s, d := server(t)
	s.Container("default/web-0/app", kubetest.Container{})
	ctx, cancel := context.WithCancel(t.Context())
	u := d.URL("default", "web-0", "exec", url.Values{"command": {"sh", "-c", "sleep 0.3; echo still here"}, "stdout": {"true"}})
	c, protocol, err := d.WebSocket(ctx, u, "unknown", v5)
	cancel()
	if err != nil || protocol != v5 {
		t.Fatalf("%q, %v", protocol, err)
	}
	defer c.Close()
	for {
		_, p, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(p), "still here") {
			return
		}
	}
}

// TestProxyIsUsed goes through an HTTP proxy that asks for a password.
func TestProxyIsUsed(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind string) {
		var through atomic.Int32
		var copies sync.WaitGroup
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != "Basic YW5uOnB3" {
				w.WriteHeader(http.StatusProxyAuthRequired)
				return
			}
			through.Add(1)
			back, err := net.Dial("tcp", r.Host)
			if err != nil {
				t.Error(err)
				return
			}
			front, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			copies.Add(2) // before the answer, which lets the test go on to Wait
			fmt.Fprint(front, "HTTP/1.1 200 OK\r\n\r\n")
			go func() { defer copies.Done(); io.Copy(front, back); front.Close() }()
			go func() { defer copies.Done(); io.Copy(back, front); back.Close() }()
		}))
		s, _ := server(t)
		cfg := s.RESTConfig()
		cfg.Proxy = func(*http.Request) (*url.URL, error) {
			u, err := url.Parse(proxy.URL)
			u.User = url.UserPassword("ann", "pw")
			return u, err
		}
		if err := dial(t.Context(), dialer(t, cfg), kind); err != nil || through.Load() != 1 {
			t.Errorf("%v, %d connections through the proxy", err, through.Load())
		}
		proxy.Close()
		copies.Wait()
	})
}
