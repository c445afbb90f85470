package podconn_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

// noise is n bytes that no fault can turn into the right ones by chance.
func noise(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{7}), n)
}

func sum(t *testing.T, r io.Reader) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// bulk is how much a test transfers: 64 MiB, or less where only the wiring of the
// server differs.
func bulk(t *testing.T) int64 {
	if strings.Contains(t.Name(), "translated") {
		return 8 << 20
	}
	return 64 << 20
}

func TestDownload(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		bulk := bulk(t)
		c := dial(t, s, listen(t, s, func(c net.Conn) { io.Copy(c, noise(bulk)) }))
		// Small and large reads in turn, so that every path is taken.
		if got, want := sum(t, iotest.HalfReader(c)), sum(t, noise(bulk)); got != want {
			t.Errorf("downloaded %s, want %s", got, want)
		}
	})
}

func TestUpload(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		bulk, got := bulk(t), make(chan string, 1)
		c := dial(t, s, listen(t, s, func(c net.Conn) {
			h := sha256.New()
			io.Copy(h, io.LimitReader(c, bulk))
			got <- fmt.Sprintf("%x", h.Sum(nil))
			io.WriteString(c, "done")
		}))
		if _, err := io.Copy(struct{ io.Writer }{c}, noise(bulk)); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(c); err != nil || string(answer) != "done" {
			t.Errorf("answer %q, %v", answer, err)
		}
		if got, want := <-got, sum(t, noise(bulk)); got != want {
			t.Errorf("uploaded %s, want %s", got, want)
		}
	})
}

func TestBothWaysAtOnce(t *testing.T) {
	const bulk = 16 << 20
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, echo))
		go func() {
			// In pieces of all sizes, below and above those of frames.
			r, rng := noise(bulk), rand.New(rand.NewPCG(1, 2))
			for {
				if _, err := io.CopyN(c, r, 1+rng.Int64N(200_000)); err != nil {
					return
				}
			}
		}()
		if got, want := sum(t, io.LimitReader(c, bulk)), sum(t, noise(bulk)); got != want {
			t.Errorf("echoed %s, want %s", got, want)
		}
	})
}

// TestHalfClose reads the answer to a request whose end is the end of the stream.
func TestHalfClose(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, func(c net.Conn) {
			// containerd does not pass the half-close on: the program
			// must know from the data that it has everything.
			request := make([]byte, 7)
			io.ReadFull(c, request)
			fmt.Fprintf(c, "got %s", request)
		})
		c := dial(t, s, port)
		if _, err := io.WriteString(c, "request"); err != nil {
			t.Fatal(err)
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write after CloseWrite: %v, want EPIPE", err)
		}
		if got, err := io.ReadAll(c); err != nil || string(got) != "got request" {
			t.Errorf("read %q, %v after CloseWrite", got, err)
		}
	})
}

func TestServerCloses(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, func(c net.Conn) { io.WriteString(c, "bye") }))
		got, err := io.ReadAll(c)
		if err != nil || string(got) != "bye" {
			t.Errorf("read %q, %v; want bye and the end", got, err)
		}
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read after the end: %v, want io.EOF", err)
		}
	})
}

// TestCloseDelivers closes right after a large write: what Write has taken must
// arrive, as with TCP.
func TestCloseDelivers(t *testing.T) {
	const size = 3 << 20
	each(t, func(t *testing.T, s *kubetest.Server) {
		got := make(chan int64, 1)
		c := dial(t, s, listen(t, s, func(c net.Conn) {
			n, _ := io.Copy(io.Discard, c)
			got <- n
		}))
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case n := <-got:
			if n != size {
				t.Errorf("%d of %d bytes arrived", n, size)
			}
		case <-time.After(10 * time.Second):
			t.Error("the program in the pod never saw the end")
		}
	})
}

// TestManyConnections checks that connections do not mix, and that each finds its
// own server's end.
func TestManyConnections(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, echo)
		d := dialer(t, s)
		failed := make(chan error)
		const conns = 24
		for i := range conns {
			go func() { failed <- exchange(t, d, fmt.Sprintf("pod/web-0:%d", port), byte(i)) }()
		}
		for range conns {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
	})
}

func exchange(t *testing.T, d *podconn.Dialer, addr string, b byte) error {
	c, err := d.DialContext(within(t, 20*time.Second), "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	want := bytes.Repeat([]byte{b}, 300_000)
	go c.Write(want)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("connection %d got bytes of another", b)
	}
	return nil
}

func TestAddresses(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		port := listen(t, s, echo)
		c := dial(t, s, port)
		if got, want := c.RemoteAddr().String(), fmt.Sprintf("pod/default/web-0:%d", port); got != want {
			t.Errorf("RemoteAddr = %s, want %s", got, want)
		}
		if _, ok := c.LocalAddr().(*net.TCPAddr); !ok {
			t.Errorf("LocalAddr = %v, want the TCP address of the connection to the API server", c.LocalAddr())
		}
	})
}
