package upgrade

import (
	"io"
	"net"
	"sync"
	"time"
)

// conn is an upgraded connection: rwc carries the bytes (through TLS, and
// through what the HTTP reader had buffered), raw is the TCP connection below,
// which is where deadlines work and where an end is immediate.
type conn struct {
	rwc io.ReadWriteCloser
	raw net.Conn

	closing sync.Once
}

func (c *conn) Read(p []byte) (int, error)  { return c.rwc.Read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.rwc.Write(p) }

// CloseWrite says that nothing more will be written, in the way of TLS if the
// connection has it.
func (c *conn) CloseWrite() error {
	if w, ok := c.rwc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
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
