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

// openTimeout bounds the wait for the peer to accept a stream.
const openTimeout = 30 * time.Second

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
