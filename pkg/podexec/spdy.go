package podexec

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// spdyLink is a connection in the protocol v4.channel.k8s.io, the first that
// reports exit codes. Earlier ones tell success by saying nothing, which is
// also what a broken connection says.
//
// One goroutine reads all streams in the order of the wire, as with WebSockets.
// A SPDY library would need a dozen goroutines and a megabyte for each command.
type spdyLink struct {
	conn    net.Conn
	r       *bufio.Reader
	sending sync.Mutex // orders frames

	ids      map[uint32]string // which stream is which
	stdin    uint32            // 0 if there is none, as with the others
	resize   uint32
	accepted int // streams that the server has accepted

	pongs   chan uint32
	asked   sync.Mutex
	lastID  uint32 // of a ping
	mark    uint64 // that goes with it
	stopAll []func()
}

func dialSPDY(ctx context.Context, d *upgrade.Dialer, u *url.URL) (link, error) {
	conn, _, err := d.SPDY(ctx, u, "v5.channel.k8s.io", "v4.channel.k8s.io")
	if err != nil {
		return nil, err
	}
	return &spdyLink{
		conn: conn, r: bufio.NewReaderSize(conn, 4<<10),
		ids: map[uint32]string{}, pongs: make(chan uint32, 1),
	}, nil
}

func (l *spdyLink) name() string { return "spdy" }

func (l *spdyLink) run(ctx context.Context, s *session) {
	s.health.watch(l.conn)
	release := atEnd(ctx, func() { l.conn.Close() })
	stopHeartbeat := heartbeat(s, l.pongs, l.pong, l.ping)
	err := l.send(l.open(s.req))
	if err == nil {
		err = l.receive(s)
	}
	if err != nil {
		s.lose(ending(err))
	}
	l.conn.Close()
	stopHeartbeat()
	for _, stop := range l.stopAll {
		stop()
	}
	release()
}

// open makes the frames that ask for all streams. They go out at once, which
// saves a round trip for each.
func (l *spdyLink) open(req *Request) []byte {
	stdin, stdout, stderr := req.wants()
	var frames []byte
	id := uint32(1) // the client's streams have odd numbers
	for _, one := range []struct {
		kind   string
		wanted bool
	}{{"error", true}, {"stdin", stdin}, {"stdout", stdout}, {"stderr", stderr}, {"resize", req.TTY}} {
		if !one.wanted {
			continue
		}
		l.ids[id] = one.kind
		switch one.kind {
		case "stdin":
			l.stdin = id
		case "resize":
			l.resize = id
		}
		frames = appendSynStream(frames, id, "streamtype", one.kind, id == 1)
		id += 2
	}
	return frames
}

func (l *spdyLink) send(frames []byte) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	_, err := l.conn.Write(frames)
	return err
}

// feed starts to send what the command is to get. It must not be sooner: what
// comes before a stream is accepted, servers throw away.
func (l *spdyLink) feed(s *session) {
	if l.stdin != 0 {
		in := &pump{
			s: s, abort: func() { l.conn.Close() },
			send: func(piece []byte) error {
				putDataHeader(piece, l.stdin, 0)
				return l.send(piece)
			},
			finish: func() error {
				end := make([]byte, frameHeader)
				putDataHeader(end, l.stdin, flagFin)
				return l.send(end)
			},
		}
		in.start()
		l.stopAll = append(l.stopAll, in.stop)
	}
	l.stopAll = append(l.stopAll, forwardSizes(s.req, func(size []byte) error {
		frame := append(make([]byte, frameHeader), size...)
		putDataHeader(frame, l.resize, 0)
		return l.send(frame)
	}))
}

// errOver is the server's word that nothing more will come.
var errOver = errors.New("the server ended the connection")

// receive reads frames until the connection ends. It returns nil if it ended in
// good order, which does not mean that the command did.
func (l *spdyLink) receive(s *session) error {
	for {
		s.health.arm()
		head, err := l.r.Peek(frameHeader)
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil {
			return cutShort(err)
		}
		f := readHeader(head)
		if _, err := l.r.Discard(frameHeader); err != nil {
			return cutShort(err)
		}
		if f.control {
			err = l.control(s, f)
		} else {
			s.health.hear()
			err = l.data(s, f)
		}
		if errors.Is(err, errOver) {
			return nil
		}
		if err != nil {
			return cutShort(err)
		}
	}
}

// data passes the payload of a frame on, in pieces as they come.
func (l *spdyLink) data(s *session, f frame) error {
	if f.size == 0 {
		return nil
	}
	buf := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	for left := f.size; left > 0; {
		s.health.arm()
		n, err := l.r.Read((*buf)[:min(left, len(*buf))])
		left -= n
		switch p := (*buf)[:n]; l.ids[f.id] {
		case "stdout":
			s.output(s.req.Stdout, p)
		case "stderr":
			s.output(s.req.Stderr, p)
		case "error":
			if n > 0 && s.report(p) {
				s.health.shorten(s.timing.grace)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// control handles a control frame. Most kinds say nothing about a command.
func (l *spdyLink) control(s *session, f frame) error {
	var body [8]byte
	n := min(f.size, len(body))
	if _, err := io.ReadFull(l.r, body[:n]); err != nil {
		return err
	}
	if _, err := l.r.Discard(f.size - n); err != nil {
		return err
	}
	switch f.kind {
	case kindSynReply:
		if l.accepted++; l.accepted == len(l.ids) {
			l.feed(s)
		}
	case kindReset:
		if l.accepted < len(l.ids) {
			return errors.New("the server refused a stream")
		}
	case kindPing:
		l.pinged(s, word(body[:]))
	case kindGoAway:
		return errOver
	}
	return nil
}

// cutShort makes an end in the middle of a frame an error.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
