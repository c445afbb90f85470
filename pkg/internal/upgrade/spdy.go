package upgrade

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	// goodbye bounds how long Close tries to tell the peer.
	goodbye = 250 * time.Millisecond
	// openTimeout bounds the wait for the peer to accept a stream.
	openTimeout = 30 * time.Second
)

// SPDY opens a SPDY/3.1 connection to u, an http or https URL, offering the
// given protocols in order of preference, and returns it with the one that the
// server chose. Once it is returned, ctx has no more say over the connection.
// The connection is a [*SPDYConn]. Refusals are [*Refused].
func (d *Dialer) SPDY(ctx context.Context, u *url.URL, protocols ...string) (httpstream.Connection, string, error) {
	c, protocol, err := d.SPDYBytes(ctx, u, protocols...)
	if err != nil {
		return nil, "", err
	}
	s, err := OverSPDY(c)
	if err != nil {
		return nil, "", err
	}
	return s, protocol, nil
}

// SPDYBytes is SPDY for callers who read and write the frames themselves. The
// connection's CloseWrite says the goodbye of TLS, if there is TLS.
func (d *Dialer) SPDYBytes(ctx context.Context, u *url.URL, protocols ...string) (net.Conn, string, error) {
	c, answer, err := d.upgrade(ctx, http.MethodPost, u, http.Header{
		"Connection":                     {"Upgrade"},
		"Upgrade":                        {spdy.HeaderSpdy31},
		httpstream.HeaderProtocolVersion: protocols,
	})
	if err != nil {
		return nil, "", err
	}
	protocol := answer.Get(httpstream.HeaderProtocolVersion)
	if !strings.EqualFold(answer.Get("Upgrade"), spdy.HeaderSpdy31) ||
		(protocol != "" && !slices.Contains(protocols, protocol)) {
		c.Close()
		return nil, "", &Refused{
			Code: http.StatusSwitchingProtocols,
			Text: fmt.Sprintf("the server chose SPDY protocol %q, not one of %q", protocol, protocols),
		}
	}
	return c, protocol, nil
}

// SPDYConn is the client's end of a SPDY connection. It differs from the one
// in Kubernetes in that opening streams takes one round trip for all of them
// and ends with a context, and that Close is over, goroutines included, within
// a second even if the peer is stuck.
// reader counts what is read from a connection and remembers why that ended: to
// SPDY all ends are alike.
// OverSPDY starts SPDY on c, which it owns from then on. It is for connections
// that carry SPDY in something else, such as a WebSocket tunnel.
// Open creates one stream for each of headers, all in one round trip. Streams
// that were opened before an error stay with the connection until its Close.
// accepted waits for the peer's reply. The library's own wait does not end
// when the connection does, hence the small steps.
// CreateStream opens a single stream, waiting at most 30 s.
// Ping sends a ping and waits for its answer or for the end of the connection.
// One ping at a time.
// SetPatience makes the connection fail when a read from the network has
// waited for d without a byte; 0 is for ever. Time that passes because nobody
// reads the streams does not count.
// Close resets all streams, says goodbye and closes the network connection.
// It may be called more than once.
// join waits for the frame workers. One of them may be about to report that a
// stream was refused, to a waiter that has given up: stand in for the waiter.
// Err says why no more could be read from the network; nil if that has not
// happened. An io.EOF is the peer's own orderly end.
// Received is the number of bytes that have been read from the network.
// CloseChan is closed when the connection has ended.
// SetIdleTimeout closes the connection after d without a frame.
// RemoveStreams does nothing: streams stay with the connection until its
// Close, which must be able to end them. Connections here are short-lived.
