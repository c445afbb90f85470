package disktest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Versions are those of distribution's registry that tests run.
var Versions = []string{"2.8.2", "3.1.2"}

var build = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the module: %w", err)
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "hack", "programs", "build"), "registry")
	cmd.Stderr = os.Stderr
	dir, err := cmd.Output()
	return filepath.Join(strings.TrimSpace(string(dir)), "registry"), err
})

// Binary is the registry's program of a version.
func Binary(t testing.TB, version string) string {
	t.Helper()
	if strings.HasPrefix(version, "2.") {
		path, err := exec.LookPath("docker-registry")
		if err != nil {
			t.Fatalf("looking for version 2 of the registry (Debian package docker-registry): %v", err)
		}
		return path
	}
	path, err := build()
	if err != nil {
		t.Fatalf("building version 3 of the registry: %v", err)
	}
	return path
}

// Server is a real registry on the loopback interface, that can be restarted with
// another environment.
type Server struct {
	URL, Version, Binary string
	Config               string // the file
	Root                 string // of the filesystem driver

	cmd  *exec.Cmd
	done chan struct{}
	log  *bytes.Buffer
}

// Settings of a server. Text is added to the configuration's storage.
type Settings struct {
	Version string
	Storage string   // lines of YAML, without indentation
	Env     []string // NAME=VALUE, added to an otherwise small environment
	Root    string   // of another server, to share its files; "" for one of its own
}

// Start runs a server until the end of the test.
func Start(t testing.TB, s Settings) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	server := &Server{
		URL: "http://" + addr, Version: s.Version, Binary: Binary(t, s.Version),
		Config: filepath.Join(dir, "config.yml"), Root: filepath.Join(dir, "data"),
	}
	if s.Root != "" {
		server.Root = s.Root
	}
	text := "version: 0.1\nlog: {level: warn}\nhttp: {addr: \"" + addr + "\", secret: not-for-output}\nstorage:\n" +
		"  filesystem: {rootdirectory: " + server.Root + "}\n  cache: {blobdescriptor: inmemory}\n  delete: {enabled: true}\n"
	for line := range strings.Lines(s.Storage) {
		text += "  " + line
	}
	if err := os.WriteFile(server.Config, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := server.Restart(t.Context(), s.Env); err != nil {
		t.Fatalf("starting the registry: %v", err)
	}
	return server
}

// Environ is what the server gets besides env.
func Environ(env []string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "OTEL_TRACES_EXPORTER=none"}, env...)
}

// Restart ends the server, starts it with env and waits until it answers. An error
// has its output.
func (s *Server) Restart(ctx context.Context, env []string) error {
	s.Stop()
	s.log = &bytes.Buffer{}
	s.cmd = exec.Command(s.Binary, "serve", s.Config)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = Environ(env), s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	done, cmd := make(chan struct{}), s.cmd
	s.done = done
	go func() {
		cmd.Wait() //nolint:errcheck // it is killed
		close(done)
	}()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v2/", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("the registry ended: %s", s.log)
		case <-ctx.Done():
			s.Stop()
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop kills the server and waits for its end.
func (s *Server) Stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		s.cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-s.done
	}
	s.cmd = nil
}
