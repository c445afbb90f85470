package podconn

import (
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestEnding plays the orders in which nodes report the end of a connection. What
// a reader and a writer learn must not depend on it.
func TestEnding(t *testing.T) {
	const text = "failed to connect to localhost:6399: connect: connection refused"
	fin := func(e *ending) { e.dataIsOver(io.EOF) }
	reset := func(e *ending) { e.dataIsOver(syscall.ECONNRESET) }
	say := func(e *ending) { e.say([]byte(text)) }
	done := func(e *ending) { e.reasonIsOver() }
	cut := func(e *ending) { e.connectionIsOver(io.EOF) }
	for _, tc := range []struct {
		name        string
		events      []func(*ending)
		read, write error // nil: still open
		later       error // what a reader learns after settleTime
	}{
		{name: "in order", events: []func(*ending){done, fin}, read: io.EOF, write: syscall.EPIPE},
		{name: "containerd, all well", events: []func(*ending){fin, done}, read: io.EOF, write: syscall.EPIPE},
		{name: "containerd, refused", events: []func(*ending){fin, say, reset, done}, read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED},
		{name: "reason only", events: []func(*ending){say, done}, read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED},
		{name: "reason without an end", events: []func(*ending){say}, later: syscall.ECONNREFUSED},
		{name: "half-closed by the pod", events: []func(*ending){fin}, later: io.EOF},
		{name: "reset without a reason", events: []func(*ending){done, reset}, read: syscall.ECONNRESET, write: syscall.ECONNRESET},
		{name: "cut", events: []func(*ending){cut}, read: io.ErrUnexpectedEOF, write: io.ErrUnexpectedEOF},
		{name: "cut after the end", events: []func(*ending){done, fin, cut}, read: io.EOF, write: syscall.EPIPE},
		{name: "cut before the reason", events: []func(*ending){fin, cut}, read: io.ErrUnexpectedEOF, write: io.ErrUnexpectedEOF},
		{name: "cut after the reason", events: []func(*ending){fin, say, cut}, read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED},
		{name: "no reason, no end", events: []func(*ending){done}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConn(nil, Addr{"prod", "web-0", 6399})
				for _, happens := range tc.events {
					happens(&c.end)
				}
				_, read := c.in.take(make([]byte, 1))
				_, write := c.out.put([]byte("x"))
				if !is(read, tc.read) || !is(write, tc.write) {
					t.Errorf("read %v, write %v; want %v, %v", read, write, tc.read, tc.write)
				}
				time.Sleep(2 * settleTime)
				synctest.Wait()
				want := tc.later
				if want == nil {
					want = tc.read
				}
				if _, read = c.in.take(make([]byte, 1)); !is(read, want) {
					t.Errorf("read %v after a while, want %v", read, want)
				}
			})
		})
	}
}

func is(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}

func TestPodErrorWords(t *testing.T) {
	for _, tc := range []struct {
		text, want string
		is         error
	}{
		{"dial tcp4 127.0.0.1:1: connect: connection refused", "connection refused in the pod", syscall.ECONNREFUSED},
		{"connectex: No connection could be made because the target machine actively refused it.", "connection refused in the pod", syscall.ECONNREFUSED},
		{"read tcp: read: connection reset by peer", "connection reset by the pod", syscall.ECONNRESET},
		{"write: broken pipe", "connection closed by the pod", syscall.EPIPE},
		{"dial tcp: connect: connection timed out", "connection timed out in the pod", syscall.ETIMEDOUT},
		{"network namespace for sandbox \"1\" is closed\n", `the node reports: network namespace for sandbox "1" is closed`, nil},
	} {
		err := &PodError{Text: tc.text}
		if err.Error() != tc.want || err.Unwrap() != tc.is { //nolint:errorlint // identity is the point
			t.Errorf("%q: %q, %v; want %q, %v", tc.text, err.Error(), err.Unwrap(), tc.want, tc.is)
		}
	}
}
