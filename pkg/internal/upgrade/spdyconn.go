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

// SPDYConn is the client's end of a SPDY connection. It differs from the one
// in Kubernetes in that opening streams takes one round trip for all of them
// and ends with a context, and that Close is over, goroutines included, within
// a second even if the peer is stuck.
type SPDYConn struct {
	spdy *spdystream.Connection
	conn net.Conn
	done chan struct{} // closed when the frame reader and its workers are gone

	mu      sync.Mutex
	streams []*spdystream.Stream
	closed  bool

	in reader
}

// reader counts what is read from a connection and remembers why that ended: to
// SPDY all ends are alike.
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

// OverSPDY starts SPDY on c, which it owns from then on. It is for connections
// that carry SPDY in something else, such as a WebSocket tunnel.
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

// Open creates one stream for each of headers, all in one round trip. Streams
// that were opened before an error stay with the connection until its Close.
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

// accepted waits for the peer's reply. The library's own wait does not end
// when the connection does, hence the small steps.
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

// CreateStream opens a single stream, waiting at most 30 s.
func (c *SPDYConn) CreateStream(h http.Header) (httpstream.Stream, error) {
	streams, err := c.Open(context.Background(), h)
	if err != nil {
		return nil, err
	}
	return streams[0], nil
}

// Ping sends a ping and waits for its answer or for the end of the connection.
// One ping at a time.
func (c *SPDYConn) Ping() error {
	_, err := c.spdy.Ping()
	return err
}

// SetPatience makes the connection fail when a read from the network has
// waited for d without a byte; 0 is for ever. Time that passes because nobody
// reads the streams does not count.
func (c *SPDYConn) SetPatience(d time.Duration) {
	if p, ok := c.conn.(interface{ setPatience(time.Duration) }); ok {
		p.setPatience(d)
	}
}

// Close ends the connection at once, and with it all streams. It may be called
// more than once.
//
// It says no goodbye. Peers take the end of the connection for what it is, while
// resetting a stream that the peer has not yet accepted would leave a goroutine
// behind in a kubelet or a container runtime each time.
func (c *SPDYConn) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	streams := c.streams
	c.mu.Unlock()
	if first {
		c.conn.Close()
		for _, s := range streams {
			s.Reset() //nolint:errcheck // cannot be sent any more, but ends our side
		}
		c.spdy.Close() //nolint:errcheck // as above
	}
	c.join(streams)
	return nil
}

// join waits for the frame workers. One of them may be about to report that a
// stream was refused, to a waiter that has given up: stand in for the waiter.
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

// Err says why no more could be read from the network; nil if that has not
// happened. An io.EOF is the peer's own orderly end.
func (c *SPDYConn) Err() error {
	if err := c.in.end.Load(); err != nil {
		return *err
	}
	return nil
}

// Received is the number of bytes that have been read from the network.
func (c *SPDYConn) Received() int64 { return c.in.count.Load() }

// CloseChan is closed when the connection has ended.
func (c *SPDYConn) CloseChan() <-chan bool { return c.spdy.CloseChan() }

// SetIdleTimeout closes the connection after d without a frame.
func (c *SPDYConn) SetIdleTimeout(d time.Duration) { c.spdy.SetIdleTimeout(d) }

// RemoveStreams does nothing: streams stay with the connection until its
// Close, which must be able to end them. Connections here are short-lived.
func (c *SPDYConn) RemoveStreams(...httpstream.Stream) {}
