package kubetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"

	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/proxy"
	translator "k8s.io/apiserver/pkg/util/proxy"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// node is one kubelet and one container runtime, each with its own listener,
// so that a request crosses the same connections as in a cluster.
type node struct {
	server    *Server
	transport *http.Transport
	stream    streaming.Server
	kubelet   *httptest.Server
	runtime   *httptest.Server
	conns     *tracker // of the kubelet
	cri       *tracker // of the runtime
	down      atomic.Bool
}

func newNode(s *Server) (*node, error) {
	n := &node{server: s, transport: &http.Transport{}}
	// A transport finishes its settings on first use, while handlers read them.
	n.transport.CloseIdleConnections()
	n.runtime = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.active.enter()()
		n.stream.ServeHTTP(w, r)
	}))
	n.cri = track(n.runtime)
	n.runtime.Start()
	base := &url.URL{Scheme: "http", Host: n.runtime.Listener.Addr().String(), Path: "/"}
	cfg := streaming.DefaultConfig
	cfg.BaseURL = base
	stream, err := streaming.NewServer(cfg, s.runtime)
	if err != nil {
		n.runtime.Close()
		return nil, fmt.Errorf("making the runtime's streaming server: %w", err)
	}
	n.stream = stream

	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", n.exec)
	mux.HandleFunc("/portForward/{namespace}/{pod}", n.portForward)
	n.kubelet = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.active.enter()()
		mux.ServeHTTP(w, r)
	}))
	n.conns = track(n.kubelet)
	n.kubelet.Start()
	return n, nil
}

func (n *node) close() {
	n.conns.closeAll()
	n.cri.closeAll()
	n.kubelet.Close()
	n.runtime.Close()
	n.transport.CloseIdleConnections()
}

// NodeDown makes the node unreachable for new requests, or reachable again.
func (s *Server) NodeDown(down bool) { s.node.down.Store(down) }

// RestartKubelet cuts every connection through the node. Up to and including
// Kubernetes 1.37 a translating server turns the cut into a success.
func (s *Server) RestartKubelet() { s.node.conns.closeAll() }

// RestartRuntime cuts every connection between kubelet and runtime.
func (s *Server) RestartRuntime() { s.node.cri.closeAll() }

func (n *node) url(path string, q url.Values) *url.URL {
	host := n.kubelet.Listener.Addr().String()
	if n.down.Load() {
		host = "127.0.0.1:1" // tcpmux: nobody has listened there for decades
	}
	return &url.URL{Scheme: "http", Host: host, Path: path, RawQuery: q.Encode()}
}

func (n *node) exec(w http.ResponseWriter, r *http.Request) {
	namespace, name, container := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	opts, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	pod, ok := n.server.store.pod(namespace, name)
	if !ok {
		http.Error(w, "pod does not exist", http.StatusNotFound)
		return
	}
	if !running(pod, container) {
		http.Error(w, "container not found (\""+container+"\")", http.StatusInternalServerError)
		return
	}
	resp, err := n.stream.GetExec(&runtimeapi.ExecRequest{
		ContainerId: namespace + "/" + name + "/" + container, Cmd: r.URL.Query()["command"],
		Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY,
	})
	if err != nil {
		http.Error(w, status.Convert(err).Message(), http.StatusInternalServerError)
		return
	}
	location, err := url.Parse(resp.GetUrl())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	handler := http.Handler(proxy.NewUpgradeAwareHandler(location, nil, false, true, responder{}))
	if wsstream.IsWebSocketRequestWithStreamCloseProtocol(r) {
		handler = translator.NewStreamTranslatorHandler(location, nil, 0, translator.Options{
			Stdin: opts.Stdin, Stdout: opts.Stdout, Stderr: opts.Stderr, Tty: opts.TTY,
		})
	}
	handler.ServeHTTP(w, r)
}

func (n *node) portForward(w http.ResponseWriter, r *http.Request) {
	namespace, name := r.PathValue("namespace"), r.PathValue("pod")
	if _, ok := n.server.store.pod(namespace, name); !ok {
		http.Error(w, "pod does not exist", http.StatusNotFound)
		return
	}
	resp, err := n.stream.GetPortForward(&runtimeapi.PortForwardRequest{PodSandboxId: namespace + "/" + name})
	if err != nil {
		http.Error(w, status.Convert(err).Message(), http.StatusInternalServerError)
		return
	}
	location, err := url.Parse(resp.GetUrl())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	handler := http.Handler(proxy.NewUpgradeAwareHandler(location, nil, false, true, responder{}))
	if wsstream.IsWebSocketRequestWithTunnelingProtocol(r) {
		handler = translator.NewTunnelingHandler(handler)
	}
	handler.ServeHTTP(w, r)
}

// running says whether a container can be entered. A container without any
// status counts as running, to keep hand-written pods short.
func running(pod *corev1.Pod, container string) bool {
	for _, list := range [][]corev1.ContainerStatus{
		pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for _, st := range list {
			if st.Name == container {
				return st.State.Running != nil
			}
		}
	}
	return true
}
