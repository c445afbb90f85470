package podexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// spdyLink is a connection in the protocol v4.channel.k8s.io, the first that
// reports exit codes. Earlier ones tell success by saying nothing, which is
// also what a broken connection says.
type spdyLink struct{ conn *upgrade.SPDYConn }

func dialSPDY(ctx context.Context, d *upgrade.Dialer, u *url.URL) (link, error) {
	conn, _, err := d.SPDY(ctx, u, "v5.channel.k8s.io", "v4.channel.k8s.io")
	if err != nil {
		return nil, err
	}
	c, ok := conn.(*upgrade.SPDYConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("opening a SPDY connection: it is an unknown %T", conn)
	}
	return &spdyLink{conn: c}, nil
}

func (l *spdyLink) name() string { return "spdy" }

// streams are the streams of one command; those it does not have are nil.
type streams struct{ status, stdin, stdout, stderr, resize httpstream.Stream }

func (l *spdyLink) open(ctx context.Context, req *Request) (*streams, error) {
	var st streams
	stdin, stdout, stderr := req.wants()
	var headers []http.Header
	var into []*httpstream.Stream
	for _, one := range []struct {
		kind   string
		wanted bool
		to     *httpstream.Stream
	}{
		{"error", true, &st.status}, {"stdin", stdin, &st.stdin}, {"stdout", stdout, &st.stdout},
		{"stderr", stderr, &st.stderr}, {"resize", req.TTY, &st.resize},
	} {
		if one.wanted {
			headers = append(headers, http.Header{http.CanonicalHeaderKey("streamType"): {one.kind}})
			into = append(into, one.to)
		}
	}
	opened, err := l.conn.Open(ctx, headers...)
	if err != nil {
		return nil, err
	}
	for i, s := range opened {
		*into[i] = s
	}
	return &st, nil
}

func (l *spdyLink) run(ctx context.Context, s *session) {
	release := atEnd(ctx, func() { l.conn.Close() })
	defer release()
	defer l.conn.Close()
	st, err := l.open(ctx, s.req)
	if err != nil {
		s.lose(fmt.Errorf("the connection broke: %w", err))
		return
	}
	s.health.set = l.conn.SetPatience
	s.health.arm()
	stopPings := l.pings(s)
	var in *pump
	if st.stdin != nil {
		in = &pump{s: s, finish: st.stdin.Close, abort: func() { l.conn.Close() }, send: func(piece []byte) error {
			_, err := st.stdin.Write(piece[1:])
			return err
		}}
		in.start()
	}
	stopResize := forwardSizes(s.req, func(size []byte) error {
		_, err := st.resize.Write(size)
		return err
	})

	l.receive(s, st)
	l.conn.Close()
	stopPings()
	stopResize()
	if in != nil {
		in.stop()
	}
}

// receive reads all streams to their ends.
func (l *spdyLink) receive(s *session, st *streams) {
	reported := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		each(st.status, func(p []byte) {
			if !s.reported() && s.report(p) {
				close(reported)
			}
		})
	})
	for _, out := range []struct {
		from httpstream.Stream
		to   io.Writer
	}{{st.stdout, s.req.Stdout}, {st.stderr, s.req.Stderr}} {
		if out.from != nil {
			readers.Go(func() { each(out.from, func(p []byte) { s.output(out.to, p) }) })
		}
	}
	all := make(chan struct{})
	go func() {
		defer close(all)
		readers.Wait()
	}()
	select {
	case <-all:
	case <-reported:
		l.linger(s, all)
	}
	if err := l.conn.Err(); err != nil && !errors.Is(err, io.EOF) {
		s.lose(ending(err))
	}
}

// linger waits for what is left to read once the exit code is known, and ends a
// connection that the server has forgotten to close.
func (l *spdyLink) linger(s *session, all <-chan struct{}) {
	tick := time.NewTicker(s.timing.grace)
	defer tick.Stop()
	for before := int64(-1); ; {
		select {
		case <-all:
			return
		case <-tick.C:
		}
		now := s.progress()
		if now == before && !s.health.busy() {
			l.conn.Close()
		}
		before = now
	}
}

// each calls f with every piece of a stream.
func each(r io.Reader, f func([]byte)) {
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			f(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// pings asks a silent server whether it is still there.
func (l *spdyLink) pings(s *session) (stop func()) {
	var before int64
	var asking atomic.Bool
	var pinger sync.WaitGroup
	stopTicks := every(s.timing.ping, func() {
		now := l.conn.Received()
		silent := now == before && !s.health.busy()
		if before = now; !silent || asking.Swap(true) {
			return
		}
		mark := s.health.asking()
		pinger.Go(func() {
			defer asking.Store(false)
			if l.conn.Ping() == nil {
				s.health.answered(mark)
			}
		})
	})
	return func() {
		stopTicks()
		pinger.Wait()
	}
}
