package podconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

// openFiles counts this process's file descriptors but for pipes: copying from
// socket to socket on Linux keeps some of those for later.
func openFiles(t *testing.T) (n int) {
	t.Helper()
	files, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if to, err := os.Readlink("/dev/fd/" + f.Name()); err != nil || !strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

// TestNothingIsLeft dials and closes many times, also where the dial fails. The
// server's goroutines and descriptors count as well, as it is in this process, so
// the bound is loose; a leak of one per dial exceeds it by far.
func TestNothingIsLeft(t *testing.T) {
	const cycles, allowed = 200, 40
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, echo)
		d := dialer(t, s, podconn.Grace(0))
		cycle := func(port int) {
			c, err := d.DialContext(within(t, 10*time.Second), "tcp", "web-0:"+strconv.Itoa(port))
			if errors.Is(err, syscall.ECONNREFUSED) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, "x"); err == nil {
				io.ReadFull(c, make([]byte, 1))
			}
			c.Close()
		}
		cycle(port)
		goroutines, files := runtime.NumGoroutine(), openFiles(t)
		for i := range cycles {
			cycle([]int{port, 6399}[i%2])
		}
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			g, f := runtime.NumGoroutine()-goroutines, openFiles(t)-files
			if g < allowed && f < allowed {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines and %d descriptors more than before %d dials", g, f, cycles)
			}
		}
	})
}

// TestCloseWhileInUse closes from several goroutines while others read and write.
func TestCloseWhileInUse(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, echo)
		for range 8 {
			c := dial(t, s, port)
			var users, closers sync.WaitGroup
			for _, use := range []func([]byte) (int, error){c.Read, c.Read, c.Write, c.Write} {
				users.Go(func() {
					for buf, err := make([]byte, 4096), error(nil); !errors.Is(err, net.ErrClosed); {
						if _, err = use(buf); err != nil && !errors.Is(err, net.ErrClosed) {
							t.Errorf("closed while in use: %v", err)
							return
						}
					}
				})
			}
			time.Sleep(5 * time.Millisecond)
			for range 3 {
				closers.Go(func() { c.Close() })
			}
			closers.Wait()
			users.Wait()
		}
	})
}

const quietClient = "PODCONN_TEST_QUIET_CLIENT"

// TestNoLogging runs a client in a process of its own, because the server in this
// one logs, and checks that it says nothing on any path.
func TestNoLogging(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, func(c net.Conn) {
			io.ReadFull(c, make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0)
		})
		kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
		if err := s.Kubeconfig(kubeconfig); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestQuietClient$", "-test.v=false")
		cmd.Env = append(os.Environ(), quietClient+"="+kubeconfig+":"+strconv.Itoa(port))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("client: %v\n%s", err, out)
		}
		if got := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(out)), "PASS")); got != "" {
			t.Errorf("the client logs:\n%s", got)
		}
	})
}

// TestQuietClient is the client of TestNoLogging.
func TestQuietClient(t *testing.T) {
	kubeconfig, port, child := strings.Cut(os.Getenv(quietClient), ":")
	if !child {
		return
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	d, err := podconn.New(cfg, "default")
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"web-0:6399", "missing:80", "svc/missing:80"} {
		if c, err := d.DialContext(within(t, 10*time.Second), "tcp", addr); err == nil {
			c.Read(make([]byte, 1))
			c.Close()
		}
	}
	if _, err := d.DialContext(within(t, time.Millisecond), "tcp", "web-0:"+port); err == nil {
		t.Error("a dial within a millisecond")
	}
	c, err := d.DialContext(within(t, 10*time.Second), "tcp", "web-0:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "x")
	if _, err := io.ReadAll(c); err == nil {
		t.Error("no reset")
	}
}
