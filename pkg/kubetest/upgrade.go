package kubetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/proxy"
	translator "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// Releases in which the wiring changed.
const (
	minorCreateForAll = 35 // the verb create is needed whatever the method
	minorNodeSockets  = 36 // the kubelet itself understands WebSockets
)

// exec wires a request the way the API server's ExecREST does.
func (s *Server) exec(w http.ResponseWriter, r *http.Request) {
	pod, ok := s.upgradable(w, r, "exec")
	if !ok {
		return
	}
	q := r.URL.Query()
	container, err := chooseContainer(pod, q.Get("container"))
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	opts := translator.Options{Stdin: is(q, "stdin"), Stdout: is(q, "stdout"), Stderr: is(q, "stderr"), Tty: is(q, "tty")}
	location := s.node.url("/exec/"+pod.Namespace+"/"+pod.Name+"/"+container, kubeletQuery(q["command"], opts))
	handler := http.Handler(proxy.NewUpgradeAwareHandler(location, s.node.transport, false, true, responder{}))
	if s.opts.Minor < minorNodeSockets {
		translate := translator.NewStreamTranslatorHandler(location, s.node.transport, 0, opts)
		handler = translator.NewTranslatingHandler(handler, translate, wsstream.IsWebSocketRequestWithStreamCloseProtocol)
	}
	handler.ServeHTTP(w, r)
}

// portForward wires a request the way the API server's PortForwardREST does.
func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	pod, ok := s.upgradable(w, r, "portforward")
	if !ok {
		return
	}
	location := s.node.url("/portForward/"+pod.Namespace+"/"+pod.Name, url.Values{"port": r.URL.Query()["ports"]})
	handler := http.Handler(proxy.NewUpgradeAwareHandler(location, s.node.transport, false, true, responder{}))
	if s.opts.Minor < minorNodeSockets {
		tunnel := translator.NewTunnelingHandler(handler)
		handler = translator.NewTranslatingHandler(handler, tunnel, wsstream.IsWebSocketRequestWithTunnelingProtocol)
	}
	handler.ServeHTTP(w, r)
}

// upgradable does the checks that exec and port-forward share.
func (s *Server) upgradable(w http.ResponseWriter, r *http.Request, sub string) (*corev1.Pod, bool) {
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	resource := schema.GroupResource{Resource: "pods/" + sub}
	verb := "create"
	if r.Method == http.MethodGet {
		verb = "get"
	}
	if !s.allow(w, verb, resource, namespace, name) {
		return nil, false
	}
	if s.opts.Minor >= minorCreateForAll && !s.allow(w, "create", resource, namespace, name) {
		return nil, false
	}
	pod, ok := s.store.pod(namespace, name)
	if !ok {
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", name))
		return nil, false
	}
	if pod.Spec.NodeName == "" {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf("pod %s does not have a host assigned", name))
		return nil, false
	}
	return pod, true
}

func chooseContainer(pod *corev1.Pod, name string) (string, error) {
	names := containerNames(pod)
	if name == "" {
		if len(pod.Spec.Containers) == 1 {
			return names[0], nil
		}
		return "", fmt.Errorf("a container name must be specified for pod %s, choose one of: %v", pod.Name, names)
	}
	for _, n := range names {
		if n == name {
			return n, nil
		}
	}
	return "", fmt.Errorf("container %s is not valid for pod %s", name, pod.Name)
}

func containerNames(pod *corev1.Pod) []string {
	var names []string
	for _, c := range pod.Spec.Containers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.InitContainers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		names = append(names, c.Name)
	}
	return names
}

func is(q url.Values, name string) bool {
	v := strings.ToLower(q.Get(name))
	return v == "true" || v == "1"
}

// kubeletQuery spells the options the way the kubelet does.
func kubeletQuery(command []string, o translator.Options) url.Values {
	q := url.Values{"command": command}
	for name, on := range map[string]bool{"input": o.Stdin, "output": o.Stdout, "error": o.Stderr, "tty": o.Tty} {
		if on {
			q.Set(name, "1")
		}
	}
	return q
}

// responder turns an error of a proxy into a Status, as the API server does.
type responder struct{}

func (responder) Error(w http.ResponseWriter, _ *http.Request, err error) {
	status := apierrors.NewInternalError(err).Status()
	if known, ok := err.(apierrors.APIStatus); ok { //nolint:errorlint // the API server looks no deeper either
		status = known.Status()
	} else if !strings.Contains(err.Error(), "error dialing backend") {
		status.Message = "error dialing backend: " + err.Error()
	}
	writeStatus(w, int(status.Code), status.Reason, status.Message)
}
