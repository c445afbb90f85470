package podconn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

// cluster is an API server with a pod default/web-0 that serves HTTP on port 8080
// as service web, port 80. A real program has the rest.Config of its user.
func cluster() (cfg *rest.Config, stop func()) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.URL.Path)
	}))
	s, err := kubetest.New(kubetest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s.Put(kubetest.Pod("default", "web-0"), webService(), webEndpoints("web-0"))
	for _, port := range []int{80, 8080} {
		s.Forward("default/web-0", port, backend.Listener.Addr().String())
	}
	return s.RESTConfig(), func() { s.Close(); backend.Close() }
}

func ExampleDialer_DialContext() {
	cfg, stop := cluster()
	defer stop()

	d, err := podconn.New(cfg, "default")
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", "pod/web-0:8080")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Println("connected to", conn.RemoteAddr())

	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, "GET /there HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s…\n", answer[:15])
	// Output:
	// connected to pod/default/web-0:8080
	// HTTP/1.1 200 OK…
}

// An HTTP client for a service. Each connection costs a dial through the API
// server, so the transport keeps few and reuses them.
func ExampleDialer_To() {
	cfg, stop := cluster()
	defer stop()

	d, err := podconn.New(cfg, "default")
	if err != nil {
		log.Fatal(err)
	}
	transport := &http.Transport{DialContext: d.To("svc/web:80"), MaxConnsPerHost: 4}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}

	resp, err := client.Get("http://web.default.svc/world")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, string(body))
	// Output: 200 OK hello /world
}
