package upgrade

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// SPDY upgrades a connection to SPDY/3.1 for u, an http or https URL, offering the
// given protocols in order of preference, and returns it with the one that the
// server chose. Callers read and write the frames themselves: what they need is a
// small part of SPDY, and the SPDY library of Kubernetes costs a megabyte and
// eighteen goroutines for each connection.
//
// Once it is returned, ctx has no more say over the connection. Its Close ends it
// at once; its CloseWrite says the goodbye of TLS, if there is TLS. Refusals are
// [*Refused].
func (d *Dialer) SPDY(ctx context.Context, u *url.URL, protocols ...string) (net.Conn, string, error) {
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
