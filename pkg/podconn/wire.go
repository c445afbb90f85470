package podconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

const (
	protocol  = "portforward.k8s.io"
	tunnelled = "SPDY/3.1+" + protocol
	// webSocketsOff is kubectl's switch: false goes straight to SPDY.
	webSocketsOff = "KUBECTL_PORT_FORWARD_WEBSOCKETS"
	// goodbyeTime bounds the attempt to take leave of the API server.
	goodbyeTime = 250 * time.Millisecond
)

// wire carries the bytes of a SPDY connection. One goroutine reads and one sends;
// Close may come from anywhere and ends both.
type wire interface {
	io.Reader
	Send(frames []byte) error
	Goodbye()     // takes leave of the API server; nothing is sent after it
	Close() error // ends everything at once
	LocalAddr() net.Addr
}

func dialWire(ctx context.Context, d *upgrade.Dialer, u *url.URL) (w wire, err error) {
	err = d.Either(webSocketsOff,
		func() error {
			ws, _, err := d.BulkWebSocket(ctx, u, tunnelled)
			if err == nil {
				w = &tunnel{ws: ws}
			}
			return err
		},
		func() error {
			conn, _, err := d.SPDY(ctx, u, protocol)
			if err == nil {
				w = plain{conn}
			}
			return err
		})
	return w, err
}

// plain is SPDY on the upgraded connection itself.
type plain struct{ net.Conn }

func (p plain) Send(frames []byte) error {
	_, err := p.Write(frames)
	return err
}

func (p plain) Goodbye() {
	cw, ok := p.Conn.(interface{ CloseWrite() error })
	if !ok {
		return
	}
	// The goodbye of TLS has a patience of its own, which is too long.
	timer := time.AfterFunc(goodbyeTime, func() { p.Conn.Close() })
	defer timer.Stop()
	cw.CloseWrite() //nolint:errcheck // courtesy to a peer that may be gone
}

// tunnel is SPDY in the binary messages of a WebSocket. Where messages begin and
// end means nothing.
type tunnel struct {
	ws      *websocket.Conn
	message io.Reader
}

func (t *tunnel) Read(p []byte) (int, error) {
	for {
		if t.message == nil {
			typ, r, err := t.ws.NextReader()
			if err != nil {
				return 0, closedAsEOF(err)
			}
			if typ != websocket.BinaryMessage {
				return 0, errors.New("the API server sent text where only bytes belong")
			}
			t.message = r
		}
		n, err := t.message.Read(p)
		if err == io.EOF {
			t.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, closedAsEOF(err)
		}
	}
}

// closedAsEOF makes a goodbye, and a connection that ends between two messages,
// the end of the stream.
func closedAsEOF(err error) error {
	var bye *websocket.CloseError
	if !errors.As(err, &bye) {
		return err
	}
	if bye.Code == websocket.CloseNormalClosure || bye.Code == websocket.CloseAbnormalClosure {
		return io.EOF
	}
	return fmt.Errorf("the API server ended the WebSocket: %w", err)
}

func (t *tunnel) Send(frames []byte) error {
	return t.ws.WriteMessage(websocket.BinaryMessage, frames)
}

func (t *tunnel) Goodbye() {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	//nolint:errcheck // courtesy to a peer that may be gone
	t.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(goodbyeTime))
}

func (t *tunnel) Close() error        { return t.ws.Close() }
func (t *tunnel) LocalAddr() net.Addr { return t.ws.LocalAddr() }
