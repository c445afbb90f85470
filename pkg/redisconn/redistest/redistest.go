// Package redistest starts real Redis servers for tests.
//
// Each server listens on a port of the loopback interface that the kernel
// chose, keeps its data in memory only and ends with the test. Nothing here is
// faked: a test that passes has passed against the program that users run.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Server is a running redis-server.
type Server struct {
	Addr string // 127.0.0.1:PORT
	Port int

	cmd      *exec.Cmd
	log      *strings.Builder
	password string // that Run was told to set
}

const startLimit = 15 * time.Second

// Start runs redis-server with extra arguments, such as "--requirepass", and
// returns once it answers. The server ends with the test.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s, err := Run(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// StartSentinel runs a Sentinel with a configuration file, which it rewrites.
func StartSentinel(t testing.TB, config string) *Server {
	t.Helper()
	s, err := start(t.TempDir(), func(port string) []string {
		return []string{config, "--sentinel", "--port", port, "--bind", "127.0.0.1"}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// StartConfig runs redis-server with a configuration file.
func StartConfig(t testing.TB, config string) *Server {
	t.Helper()
	s, err := start(t.TempDir(), func(port string) []string {
		return []string{config, "--port", port, "--bind", "127.0.0.1", "--save", ""}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Run starts redis-server with its files in dir; the caller stops it. It is
// [Start] for programs that are not tests.
func Run(dir string, args ...string) (*Server, error) {
	s, err := start(dir, func(port string) []string {
		base := []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"}
		if slices.Contains(args, "--port") { // a TLS-only server turns the plain port off and takes ours as its TLS port
			base = base[2:]
		}
		all := append(base, args...)
		for i := range all {
			all[i] = strings.ReplaceAll(all[i], PortPlaceholder, port)
		}
		return all
	})
	if i := slices.Index(args, "--requirepass"); err == nil && i >= 0 && i+1 < len(args) {
		s.password = args[i+1]
	}
	return s, err
}

func start(dir string, args func(port string) []string) (*Server, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server not found: install the Debian package redis-server")
	}
	// The port is free only until the server binds it, so another process may be
	// quicker: then the next try takes another port.
	for range 5 {
		var s *Server
		if s, err = launch(program, dir, args); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func launch(program, dir string, args func(port string) []string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Port: port, log: &strings.Builder{}}
	s.cmd = exec.Command(program, args(strconv.Itoa(port))...)
	s.cmd.Dir = dir
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting redis-server: %w", err)
	}
	if err := s.awaitReady(stdout); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// PortPlaceholder in an argument stands for the port that was chosen.
const PortPlaceholder = "{port}"

// awaitReady reads the server's own log, so that it cannot mistake another
// process on the port for this server, and keeps draining it afterwards.
func (s *Server) awaitReady(stdout io.Reader) error {
	ready := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			s.log.WriteString(lines.Text() + "\n")
			if isReady(lines.Text()) {
				ready <- nil
				_, _ = io.Copy(io.Discard, stdout)
				return
			}
		}
		ready <- fmt.Errorf("redis-server ended before it was ready:\n%s", s.log)
	}()
	select {
	case err := <-ready:
		return err
	case <-time.After(startLimit):
		return fmt.Errorf("redis-server not ready after %v", startLimit)
	}
}

// isReady recognises the line with which a server or a Sentinel begins to serve.
func isReady(line string) bool {
	return strings.Contains(line, "Ready to accept connections") || strings.Contains(line, "+monitor master")
}

// Pid is the process id, for tests that stop or slow the server.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Stop kills the server and waits for it to be gone. Calling it twice is fine.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Dial opens a TCP connection to the server, whatever address it is given: it
// stands in for a dialer that reaches one pod.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", s.Addr)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
