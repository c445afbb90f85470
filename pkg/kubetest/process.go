package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

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
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
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
	if in != nil {
		go io.Copy(terminal, in) //nolint:errcheck // ends with the terminal
	}
	over := make(chan struct{})
	var using sync.WaitGroup
	using.Go(func() {
		for {
			select {
			case size := <-resize:
				//nolint:errcheck // a size that does not fit changes nothing
				pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
			case <-over:
				return
			}
		}
	})
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		io.Copy(out, terminal) //nolint:errcheck // a terminal ends with EIO
	}()
	err = c.wait(cmd)
	<-copied
	close(over)
	using.Wait()
	terminal.Close()
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
