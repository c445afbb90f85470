package podconn

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// linger is how long Close waits for what was written to be sent.
	linger = time.Second
	// pingPeriod keeps load balancers from dropping an idle connection. It is
	// also how soon the loss of a node is noticed: API servers and kubelets up
	// to 1.37 at least cannot close a WebSocket whose other side has gone until
	// something comes in on it.
	pingPeriod = 3 * time.Second
)

// conn is one connection to a port of a pod. Two goroutines own the wire, receive
// and send; callers touch only the inbox and the outbox, which is what makes
// deadlines work on a wire that has none.
type conn struct {
	wire   wire
	remote Addr

	in  *inbox
	out *outbox
	end ending

	reading, writing sync.Mutex // one caller at a time
	readBy, writeBy  *deadline

	opened       chan struct{} // closed when the node has accepted both streams
	receiverGone chan struct{}
	senderGone   chan struct{}
	closing      sync.Once
	closed       atomic.Bool // once Close was called
}

var _ interface {
	net.Conn
	CloseWrite() error
} = (*conn)(nil)

func newConn(w wire, remote Addr) *conn {
	c := &conn{
		wire: w, remote: remote,
		in: newInbox(), out: newOutbox(),
		readBy: newDeadline(), writeBy: newDeadline(),
		opened:       make(chan struct{}),
		receiverGone: make(chan struct{}), senderGone: make(chan struct{}),
	}
	c.end.c = c
	return c
}

// start runs the two goroutines, after which the wire is theirs.
func (c *conn) start() {
	go c.receive()
	go c.send()
}

func (c *conn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		passed := c.readBy.done()
		if c.readBy.expired() {
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		}
		n, err := c.in.take(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, c.opError("read", err)
		}
		select {
		case <-c.in.filled:
		case <-passed:
		}
	}
}

// Write returns when the last of p has found a place among what is to be sent, or
// at the deadline with the number of bytes that have. They are sent even then.
func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	written := 0
	for {
		passed := c.writeBy.done()
		if c.writeBy.expired() {
			return written, c.opError("write", os.ErrDeadlineExceeded)
		}
		n, err := c.out.put(p[written:])
		written += n
		if err != nil || written == len(p) {
			return written, c.opError("write", err)
		}
		if n > 0 {
			continue
		}
		select {
		case <-c.out.drained:
		case <-passed:
		}
	}
}

// CloseWrite ends our half of the connection once everything written is sent.
func (c *conn) CloseWrite() error {
	c.out.close(syscall.EPIPE)
	return nil
}

// Close sends what was written, waiting at most a second for a peer that takes
// nothing, and ends the connection and its goroutines. What was not read is lost.
// Closing again does nothing.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.closed.Store(true)
		c.in.close(net.ErrClosed)
		c.out.finish(net.ErrClosed)
		if c.sent() {
			c.wire.Goodbye()
		}
		c.wire.Close() //nolint:errcheck // it is gone in any case
		c.out.fail(net.ErrClosed)
		<-c.receiverGone
		<-c.senderGone
		c.end.stop()
	})
	return nil
}

// sent waits for the sender to be done and reports whether it is. After a write
// deadline has passed there is hardly time left to wait.
func (c *conn) sent() bool {
	patience := linger
	if c.writeBy.expired() {
		patience = goodbyeTime
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.senderGone:
		return true
	case <-c.receiverGone:
	case <-timer.C:
	}
	return false
}

func (c *conn) LocalAddr() net.Addr  { return c.wire.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error      { return c.setDeadline(t, c.readBy, c.writeBy) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.setDeadline(t, c.readBy) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, c.writeBy) }

// setDeadline refuses after Close, as the connections of package net do.
func (c *conn) setDeadline(t time.Time, all ...*deadline) error {
	if c.closed.Load() {
		return c.opError("set", net.ErrClosed)
	}
	for _, d := range all {
		d.set(t)
	}
	return nil
}

// opError dresses an error as those of package net are. The end of file stays
// bare, because that is what readers compare with.
func (c *conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.remote.Network(), Addr: c.remote, Err: err}
}
