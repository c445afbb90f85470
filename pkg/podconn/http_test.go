package podconn_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// TestHTTPTransport reuses connections as http.Transport does, and recovers after
// the pod's program was restarted.
func TestHTTPTransport(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%d %v %s", n, err, strings.Repeat("x", 100_000))
		}))
		defer backend.Close()
		s.Forward("default/web-0", 80, backend.Listener.Addr().String())
		transport := &http.Transport{DialContext: dialer(t, s).To("pod/web-0:80"), MaxConnsPerHost: 2}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		post := func() {
			resp, err := client.Post("http://anything/", "text/plain", strings.NewReader(strings.Repeat("y", 200_000)))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || !strings.HasPrefix(string(body), "200000 <nil> xxx") || len(body) != 100_013 {
				t.Errorf("answer of %d bytes, %.20q, %v", len(body), body, err)
			}
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					post()
				}
			})
		}
		all.Wait()
		if n := s.Recorder().Upgrades("portforward"); n > 2 {
			t.Errorf("%d connections for 40 requests, want 2", n)
		}
	})
}
