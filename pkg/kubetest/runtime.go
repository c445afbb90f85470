package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"syscall"

	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// Container says how commands run "in" a container: as plain local processes,
// with the rights of the test.
type Container struct {
	// Dir is the working directory; the system's temporary one by default.
	Dir string
	// Env is the whole environment; by default PATH, and HOSTNAME with the
	// name of the pod.
	Env []string
	// Programs are the base names of the only programs that exist; all that
	// PATH has if nil. An empty, non-nil list is an image with nothing in it.
	Programs []string
	// Start, if set, decides instead of a local process. It returns the exit
	// code, or an error as a runtime that fails to start a process would.
	Start func(ctx context.Context, cmd []string, stdin io.Reader, stdout, stderr io.Writer) (int, error)
}

// containers is a container runtime.
type containers struct {
	mu        sync.Mutex
	config    map[string]Container
	ports     map[string]map[int32]string
	processes map[*exec.Cmd]struct{}
	closed    bool
	forwards  gauge
	ctx       context.Context //nolint:containedctx // the life of the runtime
	cancel    context.CancelFunc
}

var _ streaming.Runtime = (*containers)(nil)

func newContainers() *containers {
	ctx, cancel := context.WithCancel(context.Background())
	return &containers{
		config: map[string]Container{}, ports: map[string]map[int32]string{},
		processes: map[*exec.Cmd]struct{}{}, ctx: ctx, cancel: cancel,
	}
}

// Container configures one container, named "namespace/pod/container". Those
// that are not configured run local commands with the defaults.
func (s *Server) Container(id string, c Container) {
	s.runtime.mu.Lock()
	defer s.runtime.mu.Unlock()
	s.runtime.config[id] = c
}

// Forward makes a port of a pod, named "namespace/pod", lead to a local
// address; an empty address takes the port away. Ports without an address
// refuse connections.
func (s *Server) Forward(pod string, port int, address string) {
	s.runtime.mu.Lock()
	defer s.runtime.mu.Unlock()
	if s.runtime.ports[pod] == nil {
		s.runtime.ports[pod] = map[int32]string{}
	}
	s.runtime.ports[pod][int32(port)] = address // a port
}

// Processes returns how many commands are running.
func (s *Server) Processes() int {
	s.runtime.mu.Lock()
	defer s.runtime.mu.Unlock()
	return len(s.runtime.processes)
}

func (c *containers) close() {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for cmd := range c.processes {
		//nolint:errcheck // it has ended by itself
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

// Attach is not offered.
func (c *containers) Attach(context.Context, string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errors.New("attach is not supported")
}

// dial reaches the port of a pod, or fails in the words of containerd.
func (c *containers) dial(ctx context.Context, pod string, port int32) (net.Conn, error) {
	c.mu.Lock()
	address := c.ports[pod][port]
	c.mu.Unlock()
	refused := fmt.Errorf("failed to execute portforward in network namespace %q: failed to connect to localhost:%d "+
		"inside namespace %q, IPv4: dial tcp4 127.0.0.1:%d: connect: connection refused IPv6 dial tcp6 [::1]:%d: "+
		"connect: connection refused", "/var/run/netns/cni-kubetest", port, pod, port, port)
	if address == "" {
		return nil, refused
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, refused
	}
	return conn, nil
}
