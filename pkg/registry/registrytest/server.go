package registrytest

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// Server is a registry that runs.
type Server struct {
	URL     string // http://127.0.0.1:PORT, or https
	Addr    string // 127.0.0.1:PORT
	Root    string // the folder that its storage driver was given
	Config  string // its configuration file
	Version Version
	CA      *x509.CertPool // with Options.TLS
	Tokens  *Tokens        // with Bearer

	tb      TB
	options Options
	dir     string
	mark    string // tells it from another process that has got its port
	cmd     *exec.Cmd
	exited  chan struct{}
	log     *buffer
	pushed  pushed
}

const (
	startLimit = 20 * time.Second
	markHeader = "X-Registrytest"
)

// Start runs a registry and returns once it answers.
func Start(tb TB, v Version, o Options) *Server {
	tb.Helper()
	s := &Server{Version: v, Root: o.Root, tb: tb, options: o, dir: tb.TempDir(), mark: rand.Text(), log: &buffer{}}
	s.Config = s.file("config.yml")
	if s.Root == "" {
		s.Root = Folder(tb) // removed after the server has ended
	}
	if err := s.prepare(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() && s.log.String() != "" {
			tb.Logf("log of registry %s at %s:\n%s", s.Version, s.Addr, s.log.String())
		}
	})
	// The port is free only until the server binds it.
	var err error
	for range 5 {
		if s.Addr, err = freeAddr(); err != nil {
			break
		}
		if err = s.launch(); err == nil || !strings.Contains(s.log.String(), "address already in use") {
			break
		}
	}
	if err != nil {
		tb.Fatalf("starting registry %s: %v", v, err)
	}
	return s
}

func (s *Server) prepare() error {
	if s.options.TLS {
		if err := s.writeCertificate(); err != nil {
			return err
		}
	}
	if s.options.Auth == Bearer {
		if err := s.startTokens(); err != nil {
			return err
		}
	}
	return os.MkdirAll(s.Root, 0o755)
}

// launch starts the program at s.Addr and waits until it answers.
func (s *Server) launch() error {
	path, err := program(s.Version)
	if err != nil {
		return err
	}
	scheme := "http"
	if s.options.TLS {
		scheme = "https"
	}
	s.URL = scheme + "://" + s.Addr
	if err := s.writeConfig(); err != nil {
		return err
	}
	cmd := s.command(path, "serve", s.Config)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }() // its log tells
	s.cmd, s.exited = cmd, exited
	if err := s.awaitReady(); err != nil {
		s.Stop()
		return err
	}
	return nil
}

// command has an environment of its own, so that no setting of the machine's reaches
// the server.
func (s *Server) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "OTEL_TRACES_EXPORTER=none"}, s.options.Env...)
	return cmd
}

func (s *Server) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: s.tls()}}
	for ctx.Err() == nil {
		select {
		case <-s.exited:
			return fmt.Errorf("it ended:\n%s", s.log.String())
		default:
		}
		if s.answers(ctx, client) {
			return nil
		}
		_ = pause.For(ctx, 5*time.Millisecond) // the loop looks at ctx
	}
	return fmt.Errorf("no answer in %s:\n%s", startLimit, s.log.String())
}

func (s *Server) answers(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v2/", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // only the header counts
	return resp.Header.Get(markHeader) == s.mark
}

// Stop ends the server, gently at first. Its content stays.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-s.exited:
	case <-time.After(3 * time.Second):
		s.Kill()
	}
	s.cmd = nil
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// Start runs a server again that was stopped, at the same address.
func (s *Server) Start() {
	s.tb.Helper()
	if err := s.TryStart(); err != nil {
		s.tb.Fatalf("starting registry %s again: %v", s.Version, err)
	}
}

// TryStart is Start for configurations that a server may refuse: the error has what
// it said.
func (s *Server) TryStart() error {
	if s.cmd != nil {
		return errors.New("it runs already")
	}
	return s.launch()
}

// Restart changes the options, if there is a change, and starts the server again at
// the same address.
func (s *Server) Restart(change ...func(*Options)) {
	s.tb.Helper()
	s.Stop()
	for _, f := range change {
		f(&s.options)
	}
	s.Start()
}

// SetExtra replaces [Options.Extra] from the next start on.
func (s *Server) SetExtra(text string) { s.options.Extra = text }

// SetReadOnly restarts the server in or out of maintenance.
func (s *Server) SetReadOnly(on bool) {
	s.tb.Helper()
	s.Restart(func(o *Options) { o.ReadOnly = on })
}

// Log is what the server has said so far.
func (s *Server) Log() string { return s.log.String() }

// Folder is where the filesystem driver keeps things: ROOT/docker/registry/v2.
func (s *Server) Folder(elements ...string) string {
	return filepath.Join(append([]string{s.Root, "docker", "registry", "v2"}, elements...)...)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
