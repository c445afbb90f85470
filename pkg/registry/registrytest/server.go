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
		s.URL = "http://" + s.Addr
		if o.TLS {
			s.URL = "https://" + s.Addr
		}
		if err = s.launch(context.Background()); err == nil || !strings.Contains(err.Error(), "address already in use") {
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

// launch starts the program at s.Addr and waits until it answers. What others may
// read meanwhile, such as the URL, stays as it is.
func (s *Server) launch(ctx context.Context) error {
	path, err := program(s.Version)
	if err != nil {
		return err
	}
	if err := s.writeConfig(); err != nil {
		return err
	}
	cmd := s.command(path, "serve", s.Config)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	before := len(s.log.String())
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }() // its log tells
	s.cmd, s.exited = cmd, exited
	if err := s.awaitReady(ctx); err != nil {
		s.Stop()
		return fmt.Errorf("%w:\n%s", err, s.log.String()[before:])
	}
	return nil
}

// command has an environment of its own, so that no setting of the machine's reaches
// the server.
func (s *Server) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.Env = s.Environ()
	return cmd
}

// Environ is the server's environment as it is now, for commands that are to have the
// same, as those have that are run in its container.
func (s *Server) Environ() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "OTEL_TRACES_EXPORTER=none"}, s.options.Env...)
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("no answer in %s", startLimit))
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: s.tls()}}
	for ctx.Err() == nil {
		select {
		case <-s.exited:
			return errors.New("it ended")
		default:
		}
		if s.answers(ctx, client) {
			return nil
		}
		_ = pause.For(ctx, 5*time.Millisecond) // the loop looks at ctx
	}
	return context.Cause(ctx)
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
