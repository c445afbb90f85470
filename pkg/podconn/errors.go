package podconn

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// PodError is what the node says about a connection to a pod's port that it could
// not make or had to give up: [errors.Is] tells syscall.ECONNREFUSED,
// syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT and syscall.EHOSTUNREACH
// where the node's words name exactly that.
type PodError struct {
	Namespace, Pod string
	Port           int32
	// Text is the node's message in full. It names container runtimes and
	// network namespaces, and the words differ between runtimes.
	Text string
}

// reasons are the words with which Linux and Windows nodes, written in Go or not,
// report what their connect, read and write calls returned.
var reasons = []struct {
	words string
	errno syscall.Errno
	short string
}{
	{"connection refused", syscall.ECONNREFUSED, "connection refused in the pod"},
	{"actively refused it", syscall.ECONNREFUSED, "connection refused in the pod"},
	{"connection reset by peer", syscall.ECONNRESET, "connection reset by the pod"},
	{"broken pipe", syscall.EPIPE, "connection closed by the pod"},
	{"connection timed out", syscall.ETIMEDOUT, "connection timed out in the pod"},
	{"no route to host", syscall.EHOSTUNREACH, "no route to the pod's port"},
}

func (e *PodError) Error() string {
	for _, r := range reasons {
		if strings.Contains(e.Text, r.words) {
			return r.short
		}
	}
	return "the node reports: " + strings.TrimSpace(e.Text)
}

// Unwrap is the error of the node's system call, or nil if the text names none.
func (e *PodError) Unwrap() error {
	for _, r := range reasons {
		if strings.Contains(e.Text, r.words) {
			return r.errno
		}
	}
	return nil
}

// lost says that the connection broke between here and the node.
func lost(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &lostError{err}
}

type lostError struct{ err error }

func (e *lostError) Error() string {
	return "the connection to the API server was lost: " + e.err.Error()
}
func (e *lostError) Unwrap() []error { return []error{io.ErrUnexpectedEOF, e.err} }

// Addr is a port of a pod.
type Addr struct {
	Namespace, Pod string
	Port           int32
}

// Network is "tcp": that is what the program in the pod sees.
func (a Addr) Network() string { return "tcp" }

// String is pod/NAMESPACE/NAME:PORT.
func (a Addr) String() string { return fmt.Sprintf("pod/%s/%s:%d", a.Namespace, a.Pod, a.Port) }

var _ net.Addr = Addr{}
