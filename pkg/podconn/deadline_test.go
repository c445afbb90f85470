package podconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// timedOut fails unless err is a timeout as package net defines it, both for
// errors.Is and for libraries that look for a Timeout method on the error itself.
func timedOut(t *testing.T, op string, err error) {
	t.Helper()
	ne, ok := err.(net.Error)
	if !ok || !ne.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%s: %v, want a timeout", op, err)
	}
}

func TestReadDeadline(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, echo))
		buf := make([]byte, 16)
		for range 3 {
			start := time.Now()
			c.SetReadDeadline(start.Add(30 * time.Millisecond))
			_, err := c.Read(buf)
			timedOut(t, "Read", err)
			if took := time.Since(start); took < 30*time.Millisecond || took > 5*time.Second {
				t.Errorf("Read took %v with a deadline of 30ms", took)
			}
		}
		c.SetReadDeadline(time.Now().Add(-time.Second))
		_, err := c.Read(buf)
		timedOut(t, "Read after the deadline", err)
		// The other direction knows nothing of it, and this one recovers.
		if _, err := io.WriteString(c, "still here"); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Time{})
		if _, err := io.ReadFull(c, buf[:10]); err != nil || string(buf[:10]) != "still here" {
			t.Errorf("read %q, %v after the deadline was lifted", buf[:10], err)
		}
	})
}

// TestDeadlineMoves changes the deadline of a Read that is under way.
func TestDeadlineMoves(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, echo))
		failed := make(chan error, 1)
		c.SetDeadline(time.Now().Add(time.Hour))
		go func() {
			_, err := c.Read(make([]byte, 1))
			failed <- err
		}()
		time.Sleep(20 * time.Millisecond)
		c.SetDeadline(time.Now())
		select {
		case err := <-failed:
			timedOut(t, "Read", err)
		case <-time.After(5 * time.Second):
			t.Fatal("a Read under way does not notice its new deadline")
		}
		c.SetDeadline(time.Now().Add(time.Hour))
		go io.WriteString(c, "x")
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Errorf("Read after the deadline was moved away: %v", err)
		}
	})
}

// fill writes until nothing more fits between here and a program that does not
// read, and returns how much that was.
func fill(t *testing.T, c net.Conn) (written int64) {
	t.Helper()
	chunk := make([]byte, 1<<20)
	for written < 1<<30 {
		c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := c.Write(chunk)
		written += int64(n)
		if err == nil {
			continue
		}
		timedOut(t, "Write to a stalled program", err)
		if n == 0 {
			return written
		}
	}
	t.Fatal("a program that does not read takes a gigabyte")
	return written
}

// TestWriteDeadline writes to a program that does not read. What Write says it has
// written is what arrives once the program reads again, to the byte.
func TestWriteDeadline(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		release, total := make(chan struct{}), make(chan int64, 1)
		c := dial(t, s, listen(t, s, func(c net.Conn) {
			<-release
			n, _ := io.Copy(io.Discard, c)
			total <- n
		}))
		written := fill(t, c)
		close(release)
		chunk := make([]byte, 1<<20)
		c.SetWriteDeadline(time.Now().Add(20 * time.Second))
		n, err := c.Write(chunk)
		if err != nil {
			t.Fatalf("Write after the program has woken up: %v", err)
		}
		written += int64(n)
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-total:
			if got != written {
				t.Errorf("the program read %d bytes, Write took %d", got, written)
			}
		case <-time.After(20 * time.Second):
			t.Error("the program never saw the end")
		}
	})
}

// TestCloseOfStalled closes a connection whose program takes nothing.
func TestCloseOfStalled(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		release := make(chan struct{})
		defer close(release)
		c := dial(t, s, listen(t, s, func(net.Conn) { <-release }))
		fill(t, c)
		c.SetWriteDeadline(time.Time{})
		blocked := make(chan error, 2)
		go func() {
			_, err := c.Write(make([]byte, 1<<20))
			blocked <- err
		}()
		go func() {
			_, err := c.Read(make([]byte, 1))
			blocked <- err
		}()
		time.Sleep(20 * time.Millisecond)
		start := time.Now()
		c.Close()
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("Close took %v", took)
		}
		for range 2 {
			if err := <-blocked; !errors.Is(err, net.ErrClosed) {
				t.Errorf("an operation that Close interrupted: %v, want net.ErrClosed", err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

func TestDeadlineAfterClose(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		c := dial(t, s, listen(t, s, echo))
		c.Close()
		for name, set := range map[string]func(time.Time) error{"both": c.SetDeadline, "read": c.SetReadDeadline, "write": c.SetWriteDeadline} {
			if err := set(time.Now()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v, want net.ErrClosed", name, err)
			}
		}
	})
}
