package upgrade

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" // RFC 6455 asks for it; it protects nothing
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// wsBuffer is the usual size of a connection's read buffer, which it keeps for
// life. A message may be longer; it is then read in pieces.
const wsBuffer = 4 << 10

// MaxMessage is the longest message that WebSocket's connections send as one
// frame. Senders must not exceed it: the WebSocket library on the server's side
// takes each frame for a message of its own. The buffer behind it is pooled, so
// that a connection has it only while it sends.
const MaxMessage = 32 << 10

// bulkBuffer holds 64 KiB of payload with room for the frame headers of what is
// tunnelled, so that a chunk of that size is one frame and one write.
const bulkBuffer = 64<<10 + 64

var wsBuffers, bulkBuffers sync.Pool

// WebSocket opens a WebSocket connection to u, an http or https URL, offering
// the given subprotocols in order of preference, and returns it with the one
// that the server chose. Once it is returned, ctx has no more say over the
// connection. Refusals are [*Refused]; see [Fallback] for what to make of them.
func (d *Dialer) WebSocket(ctx context.Context, u *url.URL, protocols ...string) (*websocket.Conn, string, error) {
	return d.webSocket(ctx, u, buffers{wsBuffer, MaxMessage, &wsBuffers}, protocols)
}

// BulkWebSocket is WebSocket for a connection that carries a stream of bytes
// rather than messages: its buffers are large.
func (d *Dialer) BulkWebSocket(ctx context.Context, u *url.URL, protocols ...string) (*websocket.Conn, string, error) {
	return d.webSocket(ctx, u, buffers{bulkBuffer, bulkBuffer, &bulkBuffers}, protocols)
}

// buffers are the sizes of a WebSocket connection's buffers and the pool for
// those that it writes from: one pool per write size.
type buffers struct {
	read, write int
	pool        *sync.Pool
}

func (d *Dialer) webSocket(ctx context.Context, u *url.URL, b buffers, protocols []string) (*websocket.Conn, string, error) {
	key, err := challenge()
	if err != nil {
		return nil, "", err
	}
	c, answer, err := d.upgrade(ctx, http.MethodGet, u, http.Header{
		"Connection":             {"Upgrade"},
		"Upgrade":                {"websocket"},
		"Sec-Websocket-Version":  {"13"},
		"Sec-Websocket-Key":      {key},
		"Sec-Websocket-Protocol": {strings.Join(protocols, ", ")},
	})
	if err != nil {
		return nil, "", err
	}
	protocol := answer.Get("Sec-Websocket-Protocol")
	if !strings.EqualFold(answer.Get("Upgrade"), "websocket") ||
		answer.Get("Sec-Websocket-Accept") != acceptKey(key) ||
		!slices.Contains(protocols, protocol) {
		c.Close()
		return nil, "", &Refused{
			Code: http.StatusSwitchingProtocols,
			Text: fmt.Sprintf("the server chose WebSocket protocol %q, not one of %q", protocol, protocols),
		}
	}
	ws, err := adopt(ctx, c, protocol, b)
	if err != nil {
		c.Close()
		return nil, "", err
	}
	return ws, protocol, nil
}

// adopt wraps a connection that has already been upgraded. The WebSocket
// library only makes connections whose handshake it performs itself, so it
// performs one against a stand-in that answers from memory.
func adopt(ctx context.Context, c net.Conn, protocol string, b buffers) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		NetDialContext: func(context.Context, string, string) (net.Conn, error) {
			return &standIn{Conn: c, protocol: protocol}, nil
		},
		ReadBufferSize:  b.read,
		WriteBufferSize: b.write,
		WriteBufferPool: b.pool,
		Subprotocols:    []string{protocol},
	}
	//nolint:bodyclose // the answer is made up and has no body
	ws, _, err := dialer.DialContext(context.WithoutCancel(ctx), "ws://upgraded/", nil)
	if err != nil {
		return nil, fmt.Errorf("taking over an upgraded connection: %w", err)
	}
	return ws, nil
}

// standIn answers one handshake itself and is transparent ever after.
type standIn struct {
	net.Conn
	protocol string
	request  bytes.Buffer
	answer   bytes.Buffer
	answered bool
}

func (s *standIn) Write(p []byte) (int, error) {
	if s.answered {
		return s.Conn.Write(p)
	}
	s.request.Write(p)
	if !bytes.HasSuffix(s.request.Bytes(), []byte("\r\n\r\n")) {
		return len(p), nil
	}
	s.answered = true
	const name = "Sec-WebSocket-Key: "
	_, rest, _ := strings.Cut(s.request.String(), name)
	key, _, _ := strings.Cut(rest, "\r\n")
	fmt.Fprintf(&s.answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n", acceptKey(key), s.protocol)
	s.request = bytes.Buffer{}
	return len(p), nil
}

func (s *standIn) Read(p []byte) (int, error) {
	if s.answer.Len() > 0 {
		return s.answer.Read(p)
	}
	return s.Conn.Read(p)
}

func challenge() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("drawing a WebSocket key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b[:]), nil
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}
