package upgrade

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/spdystream"
	"k8s.io/streaming/pkg/httpstream"
)

type SPDYConn struct {
	spdy *spdystream.Connection
	conn net.Conn
	done chan struct{} // closed when the frame reader and its workers are gone

	mu      sync.Mutex
	streams []*spdystream.Stream
	closed  bool

	in reader
}

type reader struct {
	net.Conn
	count atomic.Int64
	end   atomic.Pointer[error]
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.count.Add(int64(n))
	if err != nil {
		r.end.CompareAndSwap(nil, &err)
	}
	return n, err
}

var _ httpstream.Connection = (*SPDYConn)(nil)

func OverSPDY(c net.Conn) (*SPDYConn, error) {
	sc := &SPDYConn{conn: c, done: make(chan struct{}), in: reader{Conn: c}}
	s, err := spdystream.NewConnection(&sc.in, false)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("starting SPDY: %w", err)
	}
	sc.spdy = s
	go func() {
		defer close(sc.done)
		s.Serve(spdystream.NoOpStreamHandler)
	}()
	return sc, nil
}

func (c *SPDYConn) Open(ctx context.Context, headers ...http.Header) ([]httpstream.Stream, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, openTimeout, errors.New("the peer did not accept the stream in time"))
	defer cancel()
	opened := make([]*spdystream.Stream, 0, len(headers))
	for _, h := range headers {
		s, err := c.start(h)
		if err != nil {
			return nil, fmt.Errorf("opening a stream: %w", err)
		}
		opened = append(opened, s)
	}
	streams := make([]httpstream.Stream, 0, len(headers))
	for _, s := range opened {
		if err := c.accepted(ctx, s); err != nil {
			return nil, fmt.Errorf("opening a stream: %w", err)
		}
		streams = append(streams, s)
	}
	return streams, nil
}

func (c *SPDYConn) start(h http.Header) (*spdystream.Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	s, err := c.spdy.CreateStream(h, nil, false)
	if s != nil {
		c.streams = append(c.streams, s)
	}
	return s, err
}

func (c *SPDYConn) accepted(ctx context.Context, s *spdystream.Stream) error {
	for step := time.Millisecond; ; step = min(2*step, 50*time.Millisecond) {
		err := s.WaitTimeout(step)
		if !errors.Is(err, spdystream.ErrTimeout) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.done:
			return errors.New("the connection was lost")
		default:
		}
	}
}

func (c *SPDYConn) CreateStream(h http.Header) (httpstream.Stream, error) {
	streams, err := c.Open(context.Background(), h)
	if err != nil {
		return nil, err
	}
	return streams[0], nil
}

func (c *SPDYConn) Ping() error {
	_, err := c.spdy.Ping()
	return err
}

func (c *SPDYConn) SetPatience(d time.Duration) {
	if p, ok := c.conn.(interface{ setPatience(time.Duration) }); ok {
		p.setPatience(d)
	}
}

func (c *SPDYConn) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	streams := c.streams
	c.mu.Unlock()
	if first {
		//nolint:errcheck // all of this is courtesy to a peer that may be gone
		c.conn.SetWriteDeadline(time.Now().Add(goodbye))
		for _, s := range streams {
			s.Reset() //nolint:errcheck // as above
		}
		c.spdy.Close() //nolint:errcheck // as above
		c.conn.Close()
	}
	c.join(streams)
	return nil
}

func (c *SPDYConn) join(streams []*spdystream.Stream) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		for _, s := range streams {
			s.WaitTimeout(time.Microsecond) //nolint:errcheck // only to unblock the worker
		}
	}
}

func (c *SPDYConn) Err() error {
	if err := c.in.end.Load(); err != nil {
		return *err
	}
	return nil
}

func (c *SPDYConn) Received() int64 { return c.in.count.Load() }

func (c *SPDYConn) CloseChan() <-chan bool { return c.spdy.CloseChan() }

func (c *SPDYConn) SetIdleTimeout(d time.Duration) { c.spdy.SetIdleTimeout(d) }

func (c *SPDYConn) RemoveStreams(...httpstream.Stream) {}
