package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
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
	forwards  sync.WaitGroup
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
	s.runtime.ports[pod][int32(port)] = address //nolint:gosec // a port
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

// Exec runs a command. Like a real runtime it does not end the command when
// the client goes away.
func (c *containers) Exec(_ context.Context, id string, argv []string, in io.Reader, out, errOut io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize,
) error {
	c.mu.Lock()
	conf := c.config[id]
	c.mu.Unlock()
	stdout, stderr := tolerant(out), tolerant(errOut)
	if conf.Start != nil {
		code, err := conf.Start(c.ctx, argv, in, stdout, stderr)
		return exitError(code, err)
	}
	cmd, err := conf.command(id, argv)
	if err != nil {
		return err
	}
	if tty {
		return c.runTerminal(cmd, in, stdout, resize)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	var stdin io.WriteCloser
	if in != nil {
		if stdin, err = cmd.StdinPipe(); err != nil {
			return err
		}
	}
	if err := c.start(cmd, cmd.Start); err != nil {
		return err
	}
	if stdin != nil {
		go func() {
			//nolint:errcheck // the process may end before its input does
			io.Copy(stdin, in)
			stdin.Close()
		}()
	}
	return c.wait(cmd)
}

func (c *containers) runTerminal(cmd *exec.Cmd, in io.Reader, out io.Writer, resize <-chan remotecommand.TerminalSize) error {
	var terminal *os.File
	err := c.start(cmd, func() (err error) {
		terminal, err = pty.Start(cmd)
		return err
	})
	if err != nil {
		return err
	}
	defer terminal.Close()
	if in != nil {
		go io.Copy(terminal, in) //nolint:errcheck // ends with the terminal
	}
	go func() {
		for size := range resize {
			//nolint:errcheck // ends with the terminal
			pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
		}
	}()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		io.Copy(out, terminal) //nolint:errcheck // a terminal ends with EIO
	}()
	err = c.wait(cmd)
	<-copied
	return err
}

// start registers a process before it can be missed by close.
func (c *containers) start(cmd *exec.Cmd, start func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("container runtime is down")
	}
	if err := start(); err != nil {
		return fmt.Errorf("failed to start exec: %w", err)
	}
	c.processes[cmd] = struct{}{}
	return nil
}

func (c *containers) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	c.mu.Lock()
	delete(c.processes, cmd)
	c.mu.Unlock()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return exitError(0, err)
	}
	code := exit.ExitCode()
	if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		code = 128 + int(st.Signal())
	}
	return exitError(code, nil)
}

func exitError(code int, err error) error {
	if err != nil || code == 0 {
		return err
	}
	return utilexec.CodeExitError{Err: fmt.Errorf("exit status %d", code), Code: code}
}

// command looks a program up the way a container runtime does, and fails in
// the words of containerd and runc.
func (c Container) command(id string, argv []string) (*exec.Cmd, error) {
	parts := strings.Split(id, "/")
	env := c.Env
	if env == nil {
		env = []string{"PATH=" + os.Getenv("PATH"), "HOSTNAME=" + parts[1], "HOME=/"}
	}
	program, why := c.find(argv[0])
	if why != "" {
		return nil, fmt.Errorf("failed to exec in container: failed to start exec %q: OCI runtime exec failed: "+
			"exec failed: unable to start container process: exec: %q: %s", strings.Repeat("0", 64), argv[0], why)
	}
	cmd := exec.Command(program, argv[1:]...) //nolint:gosec,noctx // what the test asks for; ended by close
	cmd.Args[0] = argv[0]
	cmd.Env, cmd.Dir = env, c.Dir
	if cmd.Dir == "" {
		cmd.Dir = os.TempDir()
	}
	return cmd, nil
}

func (c Container) find(name string) (path, why string) {
	missing := "executable file not found in $PATH"
	if strings.Contains(name, "/") {
		missing = fmt.Sprintf("stat %s: no such file or directory", name)
	}
	if c.Programs != nil && !slices.Contains(c.Programs, filepath.Base(name)) {
		return "", missing
	}
	path, err := exec.LookPath(name)
	switch {
	case errors.Is(err, os.ErrPermission):
		return "", "permission denied"
	case err != nil:
		return "", missing
	}
	return path, ""
}

// Attach is not offered.
func (c *containers) Attach(context.Context, string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errors.New("attach is not supported")
}

// tolerantWriter drops what a client that has gone will not read, so that the
// process lives on.
type tolerantWriter struct{ w io.Writer }

func tolerant(w io.WriteCloser) io.Writer {
	if w == nil {
		return nil
	}
	return tolerantWriter{w}
}

func (t tolerantWriter) Write(p []byte) (int, error) {
	//nolint:errcheck // see the type
	t.w.Write(p)
	return len(p), nil
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
