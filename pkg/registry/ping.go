package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Server is what the entry of a registry's API said about it.
type Server struct {
	Status     int    // 200, or 401 if it wants credentials that it did not get
	APIVersion string // Docker-Distribution-Api-Version, "registry/2.0" mostly
	Product    string // the Server header, often that of a proxy

	// Vendor has the headers that only one product sends, such as
	// Gitlab-Container-Registry-Version, Harbor's, and Artifactory's.
	Vendor map[string]string
}

// vendors are beginnings of the names of headers that tell products apart.
var vendors = []string{"Gitlab-", "X-Harbor", "X-Artifactory", "X-Jfrog", "X-Quay", "X-Gitea", "X-Github", "X-Ms-", "X-Amz"}

// Ping asks whether a registry is there and lets one in. What answered is returned
// along with every error, nil if nothing did. Without or with wrong credentials the
// error is [ErrUnauthorized]; if what answers is no registry, [ErrNotRegistry].
func (c *Client) Ping(ctx context.Context) (*Server, error) {
	var server *Server
	r := &request{
		doing: "asking for a registry at", about: c.base.String(), method: http.MethodGet, limit: maxErrorBody, bare: true,
		seen: func(resp *http.Response) { server = describe(resp) },
	}
	resp, err := c.do(ctx, r)
	if errors.Is(err, ErrUnauthorized) {
		r.bare = false
		c.challenged.Store(true)
		resp, err = c.do(ctx, r)
	}
	signs := server != nil && (server.APIVersion != "" || server.Vendor["Gitlab-Container-Registry-Version"] != "")
	switch status := statusOf(err); {
	case err == nil && !signs && !looksLikeAPI(resp):
		err = errors.New("what answers does not speak the protocol")
	case err == nil, status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusTooManyRequests, status >= 500, status == 0:
		return server, err
	case signs:
		return server, err
	}
	err = fmt.Errorf("%w at %q: %w", ErrNotRegistry, c.base.String(), err)
	return server, hint.With(err, "check host, port and scheme of the registry's address")
}

// looksLikeAPI takes the empty document that some registries answer with, without
// the header.
func looksLikeAPI(r *response) bool {
	body := bytes.TrimSpace(r.body)
	return !isHTML(r.header) && (len(body) == 0 || string(body) == "{}" || bytes.Equal(body, []byte("true")))
}

func describe(resp *http.Response) *Server {
	h := resp.Header
	s := &Server{Status: resp.StatusCode, APIVersion: header(h, "Docker-Distribution-Api-Version"), Product: header(h, "Server")}
	for name := range h {
		for _, vendor := range vendors {
			if !strings.HasPrefix(name, vendor) {
				continue
			}
			if s.Vendor == nil {
				s.Vendor = map[string]string{}
			}
			s.Vendor[name] = header(h, name)
		}
	}
	return s
}

func header(h http.Header, name string) string { return streams.SanitizeLine(h.Get(name)) }
