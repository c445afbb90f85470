package kubetest

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// faultConn is the server's end of an upgraded connection, broken on the way to
// the client. What the client sends passes.
type faultConn struct {
	net.Conn
	fault Fault
	spdy  bool

	mu      sync.Mutex // orders writes
	sent    int64
	upgrade bool         // the answer to the upgrade has passed
	pending bytes.Buffer // bytes of a frame that is not complete yet

	once   sync.Once
	closed chan struct{}
	forget func()
}

func (c *faultConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		if c.forget != nil {
			c.forget()
		}
	})
	return c.Conn.Close()
}

func (c *faultConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.fault.Break {
	case Cut, Reset, Stall:
		return c.upTo(p)
	case Slow:
		timer := time.NewTimer(c.fault.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.closed:
			return 0, net.ErrClosed
		}
		return c.Conn.Write(p)
	case NoStatus, Abnormal, SplitStatus:
		return len(p), c.frames(p)
	}
	return c.Conn.Write(p)
}

// upTo passes bytes up to the one where the connection breaks.
func (c *faultConn) upTo(p []byte) (int, error) {
	room := c.fault.After - c.sent
	if int64(len(p)) < room {
		c.sent += int64(len(p))
		return c.Conn.Write(p)
	}
	n := 0
	if room > 0 {
		var err error
		if n, err = c.Conn.Write(p[:room]); err != nil {
			return n, err
		}
		c.sent += room
	}
	if c.fault.Break == Stall {
		<-c.closed
	} else {
		c.drop(c.fault.Break == Reset)
	}
	return n, net.ErrClosed
}

// drop ends the TCP connection below TLS, so that no goodbye is said.
func (c *faultConn) drop(reset bool) {
	below := c.Conn
	if t, ok := below.(*tls.Conn); ok {
		below = t.NetConn()
	}
	if tc, ok := below.(*trackedConn); ok && reset {
		tc.reset()
		return
	}
	below.Close()
}

// frames passes whole frames, and does something to the one with the status.
func (c *faultConn) frames(p []byte) error {
	c.pending.Write(p)
	if !c.upgrade {
		head, _, found := bytes.Cut(c.pending.Bytes(), []byte("\r\n\r\n"))
		if !found {
			return nil
		}
		c.upgrade = true
		if _, err := c.Conn.Write(c.pending.Next(len(head) + 4)); err != nil {
			return err
		}
	}
	size, status := websocketFrame, websocketStatus
	if c.spdy {
		size, status = spdyFrame, spdyStatus
	}
	for {
		n, head := size(c.pending.Bytes())
		if n == 0 || c.pending.Len() < n {
			return nil
		}
		if err := c.pass(c.pending.Next(n), head, status); err != nil {
			return err
		}
	}
}

func (c *faultConn) pass(frame []byte, head int, isStatus func([]byte, int) bool) error {
	if !isStatus(frame, head) {
		_, err := c.Conn.Write(frame)
		return err
	}
	switch c.fault.Break {
	case NoStatus:
		return nil
	case Abnormal:
		c.drop(false)
		return net.ErrClosed
	}
	body := frame[head:]
	var channel []byte
	if !c.spdy {
		channel, body = body[:1], body[1:]
	}
	for len(body) > 0 {
		n := min(len(body), 9)
		if err := c.piece(frame, append(bytes.Clone(channel), body[:n]...)); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

// piece sends part of a frame's payload as a frame of its own, its length
// below 126.
func (c *faultConn) piece(like, payload []byte) error {
	head := []byte{0x82, byte(len(payload))}
	if c.spdy {
		head = bytes.Clone(like[:8])
		binary.BigEndian.PutUint32(head[4:], uint32(len(payload))) // no flags
	}
	_, err := c.Conn.Write(append(head, payload...))
	return err
}

// websocketFrame returns the size of the frame at the start of b, and of its
// header; 0 if b is too short to tell. Servers do not mask.
func websocketFrame(b []byte) (size, head int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch n := int(b[1] & 0x7f); {
	case n < 126:
		return 2 + n, 2
	case n == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:])), 4
	case n == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint32(b[6:])), 10
	}
	return 0, 0
}

func websocketStatus(frame []byte, head int) bool {
	return frame[0]&0x0f == 2 && len(frame) > head+1 && frame[head] == 3
}

func spdyFrame(b []byte) (size, head int) {
	if len(b) < 8 {
		return 0, 0
	}
	return 8 + int(binary.BigEndian.Uint32(b[4:])&0xffffff), 8
}

// spdyStatus tells the status by its looks: which stream carries errors was
// said in a compressed header.
func spdyStatus(frame []byte, head int) bool {
	return frame[0]&0x80 == 0 && bytes.HasPrefix(frame[head:], []byte("{")) &&
		bytes.Contains(frame[head:], []byte(`"status":"`))
}
