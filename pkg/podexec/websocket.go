package podexec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// Channels of the WebSocket protocol: the first byte of each message.
const (
	channelStdin  = 0
	channelStdout = 1
	channelStderr = 2
	channelStatus = 3
	channelResize = 4
	channelClose  = 255 // followed by the channel that has ended
)

// webSocket is a connection in the protocol v5.channel.k8s.io.
type webSocket struct {
	conn    *websocket.Conn
	sending sync.Mutex // the library allows one sender of data at a time
}

func dialWebSocket(ctx context.Context, d *upgrade.Dialer, u *url.URL) (link, error) {
	conn, _, err := d.WebSocket(ctx, u, "v5.channel.k8s.io")
	if err != nil {
		return nil, err
	}
	return &webSocket{conn: conn}, nil
}

func (w *webSocket) name() string { return "websocket" }

func (w *webSocket) run(ctx context.Context, s *session) {
	s.health.watch(w.conn)
	w.conn.SetPongHandler(func(mark string) error {
		if n, err := strconv.ParseUint(mark, 10, 64); err == nil {
			s.health.answered(n)
		}
		return nil
	})
	release := atEnd(ctx, func() { w.conn.Close() })
	stopControl := w.control(s)
	var in *pump
	if s.req.Stdin != nil {
		in = &pump{s: s, send: w.sendStdin, abort: func() { w.conn.Close() }, finish: func() error {
			return w.send([]byte{channelClose, channelStdin})
		}}
		in.start()
	}
	stopResize := w.resize(s.req)

	if err := w.receive(s); err != nil {
		s.lose(err)
	}
	w.conn.Close()
	stopControl()
	stopResize()
	if in != nil {
		in.stop()
	}
	release()
}

// control answers pings, and pings.
func (w *webSocket) control(s *session) (stop func()) {
	pongs := make(chan string, 1)
	w.conn.SetPingHandler(func(mark string) error {
		select {
		case pongs <- mark:
		default: // one is waiting to be sent already
		}
		return nil
	})
	return heartbeat(s, pongs, func(mark string) {
		//nolint:errcheck // the reading side notices what is wrong
		w.conn.WriteControl(websocket.PongMessage, []byte(mark), time.Time{})
	}, func(mark uint64) {
		//nolint:errcheck // as above
		w.conn.WriteControl(websocket.PingMessage, strconv.AppendUint(nil, mark, 10), time.Time{})
	})
}

// receive reads until the connection ends. It returns nil if it ended in good
// order, which does not mean that the command did.
func (w *webSocket) receive(s *session) error {
	for {
		s.health.arm()
		kind, r, err := w.conn.NextReader()
		if err != nil {
			return ending(err)
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		if err := w.message(s, r); err != nil {
			return ending(err)
		}
	}
}

// message passes one message on, in pieces as they come.
func (w *webSocket) message(s *session, r io.Reader) error {
	buf := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	if _, err := io.ReadFull(r, (*buf)[:1]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // an empty message
		}
		return err
	}
	channel := (*buf)[0]
	for {
		s.health.arm()
		n, err := r.Read(*buf)
		s.health.hear()
		switch channel {
		case channelStdout:
			s.output(s.req.Stdout, (*buf)[:n])
		case channelStderr:
			s.output(s.req.Stderr, (*buf)[:n])
		case channelStatus:
			if n > 0 && s.report((*buf)[:n]) {
				s.health.shorten(s.timing.grace)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (w *webSocket) send(message []byte) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	return w.conn.WriteMessage(websocket.BinaryMessage, message)
}

func (w *webSocket) sendStdin(piece []byte) error {
	message := piece[headroom-1:]
	message[0] = channelStdin
	return w.send(message)
}

func (w *webSocket) resize(req *Request) (stop func()) {
	return forwardSizes(req, func(size []byte) error {
		return w.send(append([]byte{channelResize}, size...))
	})
}

// forwardSizes sends the terminal's sizes until the returned function is
// called, for which the connection must have been closed.
func forwardSizes(req *Request, send func([]byte) error) (stop func()) {
	if !req.TTY || req.Resize == nil {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case size, open := <-req.Resize:
				if !open {
					return
				}
				text, err := json.Marshal(size)
				if err != nil || send(text) != nil {
					return
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// ending puts the end of a WebSocket in words that a user can act on.
func ending(err error) error {
	var closed *websocket.CloseError
	switch {
	case websocket.IsCloseError(err, websocket.CloseNormalClosure):
		return nil
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return fmt.Errorf("the connection was closed: code %d %s", closed.Code, closed.Text)
	case errors.As(err, &closed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the connection broke: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("the connection broke: the server no longer answers")
	}
	return fmt.Errorf("the connection broke: %w", err)
}
