package kubetest

import (
	"flag"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"
)

var quietOnce sync.Once

// quiet mutes klog for the process. The handlers of Kubernetes report every
// lost connection to it, and losing connections is what this package is for.
// A test that asserts that a client does not log must run the client in a
// process of its own.
func quiet() {
	quietOnce.Do(func() {
		fs := flag.NewFlagSet("klog", flag.ContinueOnError)
		klog.InitFlags(fs)
		for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
			//nolint:errcheck // the flags were defined two lines above
			fs.Set(name, value)
		}
		klog.SetOutput(io.Discard)
	})
}

// tracker knows every connection of a server, those included that a handler
// has taken over and that net/http no longer closes.
type tracker struct {
	net.Listener
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func track(s *httptest.Server) *tracker {
	t := &tracker{Listener: s.Listener, conns: map[net.Conn]struct{}{}}
	s.Listener = t
	s.Config.ErrorLog = nil
	s.Config.ErrorLog = discardLog
	s.Config.ReadHeaderTimeout = 30 * time.Second
	return t
}

func (t *tracker) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tc := &trackedConn{Conn: c, in: t}
	t.conns[tc] = struct{}{}
	return tc, nil
}

// closeAll cuts all connections, as a crash of the process would.
func (t *tracker) closeAll() {
	t.mu.Lock()
	conns := make([]net.Conn, 0, len(t.conns))
	for c := range t.conns {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

type trackedConn struct {
	net.Conn
	in *tracker
}

func (c *trackedConn) Close() error {
	c.in.mu.Lock()
	delete(c.in.conns, c)
	c.in.mu.Unlock()
	return c.Conn.Close()
}

// reset makes the close that follows a TCP reset instead of an orderly end.
func (c *trackedConn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		//nolint:errcheck // best effort: the connection is going away
		tcp.SetLinger(0)
	}
	c.Close()
}

// gauge counts what is going on. It differs from a sync.WaitGroup in that
// giving up on it leaves nobody waiting.
type gauge struct{ n atomic.Int64 }

// enter counts one in, and the function that it returns counts it out.
func (g *gauge) enter() (leave func()) {
	g.n.Add(1)
	return func() { g.n.Add(-1) }
}

// wait waits for nothing to be going on, but not for ever: a test that hangs
// tells less than one that reports a leak.
func (g *gauge) wait(limit time.Duration) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); g.n.Load() > 0 && time.Now().Before(end); {
		<-tick.C
	}
}
