package upgrade

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is an upgraded connection: rwc carries the bytes (through TLS, and
// through what the HTTP reader had buffered), raw is the TCP connection below,
// which is where deadlines work and where an end is immediate.
type conn struct {
	rwc io.ReadWriteCloser
	raw net.Conn

	patience atomic.Int64 // nanoseconds a single Read may wait; 0 is for ever
	closing  sync.Once
}

// Read waits at most the connection's patience. The clock runs only while a
// Read waits: a reader that is busy elsewhere uses up nothing.
func (c *conn) Read(p []byte) (int, error) {
	if d := time.Duration(c.patience.Load()); d > 0 {
		if err := c.raw.SetReadDeadline(time.Now().Add(d)); err != nil {
			return 0, err
		}
	}
	return c.rwc.Read(p)
}

func (c *conn) Write(p []byte) (int, error) { return c.rwc.Write(p) }

// CloseWrite says that nothing more will be written, in the way of TLS if the
// connection has it.
func (c *conn) CloseWrite() error {
	if w, ok := c.rwc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// setPatience changes how long a Read may wait, the current one included.
func (c *conn) setPatience(d time.Duration) {
	c.patience.Store(int64(d))
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	//nolint:errcheck // fails on a closed connection only, whose reads fail anyway
	c.raw.SetReadDeadline(deadline)
}

// Close ends the connection at once. It does not wait for a TLS goodbye that a
// stalled peer would never take, and it never fails: a second caller closing
// again is no error.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.raw.Close()
		c.rwc.Close()
	})
	return nil
}

func (c *conn) LocalAddr() net.Addr                { return c.raw.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr               { return c.raw.RemoteAddr() }
func (c *conn) SetDeadline(t time.Time) error      { return c.raw.SetDeadline(t) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.raw.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }
