// Package kubetest is a Kubernetes API server for tests, inside the test's own
// process: it lists the objects it is given, runs commands "in" their
// containers as local processes, and forwards their ports to local addresses.
//
// Exec and port-forward are not imitated. They run through the handlers that
// the API server, the kubelet and container runtimes are built from, over real
// TCP and TLS on the loopback interface, so that a client meets the same bytes
// as in a cluster. [Options.Minor] picks which release's wiring it meets.
// Between server and client, [Faults] cut, stall, split and refuse.
//
// It has no etcd, no controllers, no watches and no writes over HTTP: state
// changes through [Server.Put] and [Server.Delete] alone. It never listens
// beyond loopback, and it is meant for tests and demonstrations only.
//
//	s := kubetest.Start(t, kubetest.Options{})
//	s.Put(kubetest.Pod("default", "web-0", "app"))
//	s.Forward("default/web-0", 80, backend.Listener.Addr().String())
//	client, err := kubernetes.NewForConfig(s.RESTConfig())
package kubetest

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Options describe a server. The zero value is an empty cluster that behaves
// like the newest release.
type Options struct {
	// Minor is the minor version of Kubernetes 1 to behave like; 0 is the
	// newest, 37. Below 36 the API server translates WebSockets, from 36 on
	// the kubelet does. From 35 on exec and port-forward need the verb create
	// whatever the HTTP method.
	Minor int
	// Objects exist from the start; see [Server.Put].
	Objects []runtime.Object
	// User is the name that requests carry in refusals; "tester" by default.
	User string
	// Token is the bearer token that requests must carry; a fixed one by
	// default.
	Token string
}

// Server is a running API server. Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	store   *store
	access  *access
	record  *Recorder
	faults  *Faults
	runtime *containers
	node    *node
	api     *httptest.Server
	conns   *tracker
	closing sync.Once
	active  gauge
}

// Start runs a server for the length of a test.
func Start(tb TB, opts Options) *Server {
	tb.Helper()
	s, err := New(opts)
	if err != nil {
		tb.Fatalf("starting kubetest: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// New runs a server until its Close. It is for programs; tests use [Start].
func New(opts Options) (*Server, error) {
	if opts.Minor == 0 {
		opts.Minor = 37
	}
	if opts.User == "" {
		opts.User = "tester"
	}
	if opts.Token == "" {
		opts.Token = "kubetest-token"
	}
	quiet()
	s := &Server{opts: opts, store: newStore(), access: &access{}, record: &Recorder{}, faults: &Faults{}}
	s.runtime = newContainers()
	var err error
	if s.node, err = newNode(s); err != nil {
		return nil, err
	}
	s.api = httptest.NewUnstartedServer(s.handler())
	s.conns = track(s.api)
	s.api.EnableHTTP2 = true
	s.api.StartTLS()
	for _, o := range opts.Objects {
		if err := s.put(o); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close ends all connections and kills all processes that the server started.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.faults.release()
		s.runtime.close()
		s.conns.closeAll()
		s.node.close()
		s.api.CloseClientConnections()
		s.api.Close()
		s.runtime.forwards.wait(time.Second)
		s.active.wait(2 * time.Second)
	})
}

// Recorder returns the log of requests.
func (s *Server) Recorder() *Recorder { return s.record }

// Faults returns the place to break things.
func (s *Server) Faults() *Faults { return s.faults }

// URL is the address of the server.
func (s *Server) URL() string { return s.api.URL }

// RESTConfig returns a new configuration for a client of the server.
func (s *Server) RESTConfig() *rest.Config {
	return &rest.Config{
		Host:            s.api.URL,
		BearerToken:     s.opts.Token,
		TLSClientConfig: rest.TLSClientConfig{CAData: s.caData()},
		QPS:             -1,
	}
}

func (s *Server) caData() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.api.Certificate().Raw})
}

// Kubeconfig writes a kubeconfig for the server to path, readable by the owner
// only. Its one context is called "kubetest" and has the namespace default.
func (s *Server) Kubeconfig(path string) error {
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters["kubetest"] = &clientcmdapi.Cluster{Server: s.api.URL, CertificateAuthorityData: s.caData()}
	cfg.AuthInfos[s.opts.User] = &clientcmdapi.AuthInfo{Token: s.opts.Token}
	cfg.Contexts["kubetest"] = &clientcmdapi.Context{Cluster: "kubetest", AuthInfo: s.opts.User, Namespace: "default"}
	cfg.CurrentContext = "kubetest"
	data, err := clientcmd.Write(*cfg)
	if err != nil {
		return fmt.Errorf("encoding a kubeconfig: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return nil
}

// Put adds an object or replaces the one of the same kind and name. Any type
// of client-go's scheme will do. It panics on anything else, as that is a
// mistake in the test itself.
func (s *Server) Put(objects ...runtime.Object) {
	for _, o := range objects {
		if err := s.put(o); err != nil {
			panic(err)
		}
	}
}

// Delete removes the object of obj's kind and name, if there is one.
func (s *Server) Delete(obj runtime.Object) {
	key, _, err := s.store.key(obj)
	if err != nil {
		panic(err)
	}
	s.store.remove(key)
}

func (s *Server) put(obj runtime.Object) error {
	if obj == nil {
		return errors.New("putting an object: it is nil")
	}
	return s.store.put(obj)
}

// handler is the outside of the server: log, authenticate, then break or serve.
func (s *Server) handler() http.Handler {
	mux := s.routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.active.enter()()
		done := s.record.start(r)
		rec := &statusWriter{ResponseWriter: w}
		defer func() { done(rec.code()) }()
		if r.Header.Get("Authorization") != "Bearer "+s.opts.Token {
			writeStatus(rec, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
			return
		}
		if !s.faults.apply(rec, r) {
			mux.ServeHTTP(rec, r)
		}
	})
}
