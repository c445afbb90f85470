package registrytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// pushed remembers what the server has, so that a layer that images share travels
// once.
type pushed struct {
	once   sync.Once
	client *http.Client

	mu    sync.Mutex
	in    map[string]bool   // REPOSITORY@DIGEST
	first map[string]string // a repository that has the digest
}

// forget is called when the server's content may have changed.
func (p *pushed) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in, p.first = nil, nil
}

// Push pushes an image or an index with all that belongs to it, and points the tags
// at it. Without tags it is pushed by its digest only.
func (s *Server) Push(repo string, b Builder, tags ...string) *Content {
	s.tb.Helper()
	c := b.Build()
	if err := s.TryPush(repo, c, tags...); err != nil {
		s.tb.Fatal(err)
	}
	return c
}

// Upload is one call of [Server.Push].
type Upload struct {
	Repository string
	Builder    Builder
	Tags       []string
}

// PushAll pushes many, several at once.
func (s *Server) PushAll(uploads ...Upload) {
	s.tb.Helper()
	todo := make(chan Upload)
	failed := make([]error, 4)
	var workers sync.WaitGroup
	for i := range failed {
		workers.Go(func() {
			for u := range todo {
				failed[i] = errors.Join(failed[i], s.TryPush(u.Repository, u.Builder, u.Tags...))
			}
		})
	}
	for _, u := range uploads {
		todo <- u
	}
	close(todo)
	workers.Wait()
	if err := errors.Join(failed...); err != nil {
		s.tb.Fatal(err)
	}
}

// TryPush is Push for servers that may refuse.
func (s *Server) TryPush(repo string, b Builder, tags ...string) error {
	c := b.Build()
	for _, child := range c.Children {
		if err := s.TryPush(repo, child); err != nil {
			return err
		}
	}
	for _, blob := range c.Blobs {
		if err := s.pushBlob(repo, blob); err != nil {
			return err
		}
	}
	if len(tags) == 0 {
		tags = []string{c.Digest}
	}
	for _, tag := range tags {
		if err := s.PushManifest(repo, tag, c.Manifest); err != nil {
			return err
		}
	}
	return nil
}

// PushManifest writes a manifest alone. What it refers to must be there.
func (s *Server) PushManifest(repo, ref string, m registry.Manifest) error {
	_, err := s.Do(http.MethodPut, "/v2/"+repo+"/manifests/"+ref, http.StatusCreated, m.Body, "Content-Type", m.MediaType)
	return err
}

// Delete deletes a manifest by its digest, and with that its tags. Whoever collects
// the garbage may take its blobs next, so that nothing counts as pushed any more.
func (s *Server) Delete(repo, digest string) {
	s.tb.Helper()
	defer s.pushed.forget()
	if _, err := s.Do(http.MethodDelete, "/v2/"+repo+"/manifests/"+digest, http.StatusAccepted, nil); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *Server) pushBlob(repo string, blob []byte) error {
	digest := registry.Digest(blob)
	p := &s.pushed
	p.mu.Lock()
	known, from := p.in[repo+"@"+digest], p.first[digest]
	p.mu.Unlock()
	if known {
		return nil
	}
	path := "/v2/" + repo + "/blobs/uploads/"
	if from != "" {
		path += "?" + url.Values{"mount": {digest}, "from": {from}}.Encode()
	}
	resp, err := s.Do(http.MethodPost, path, 0, []byte{})
	switch {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusAccepted:
		location := resp.Header.Get("Location")
		separator := "?"
		if strings.Contains(location, "?") {
			separator = "&"
		}
		if _, err := s.Do(http.MethodPut, location+separator+"digest="+digest, http.StatusCreated, blob); err != nil {
			return err
		}
	case resp.StatusCode != http.StatusCreated:
		return fmt.Errorf("POST %q: status %d", path, resp.StatusCode)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in == nil {
		p.in, p.first = map[string]bool{}, map[string]string{}
	}
	p.in[repo+"@"+digest] = true
	if p.first[digest] == "" {
		p.first[digest] = repo
	}
	return nil
}

// Response is what [Server.Do] got.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// Do sends one request as it is, with the user's credentials. path is below the
// server's address or a whole URL; header is names and values in turn. A status that
// is not want is an error, unless that is 0.
func (s *Server) Do(method, path string, want int, body []byte, header ...string) (*Response, error) {
	s.pushed.once.Do(func() {
		transport := &http.Transport{TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 8}
		s.pushed.client = &http.Client{Transport: transport, Timeout: time.Minute}
		s.tb.Cleanup(transport.CloseIdleConnections)
	})
	if strings.HasPrefix(path, "/") {
		path = s.URL + path
	}
	req, err := http.NewRequestWithContext(s.tb.Context(), method, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	s.authorize(req)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.pushed.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	r := &Response{StatusCode: resp.StatusCode, Header: resp.Header}
	if r.Body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	if want != 0 && r.StatusCode != want {
		return r, fmt.Errorf("%s %q: status %d, not %d: %s", method, req.URL.Path, r.StatusCode, want, r.Body)
	}
	return r, nil
}

func (s *Server) authorize(req *http.Request) {
	switch s.options.Auth {
	case Basic:
		req.SetBasicAuth(User, Password)
	case Bearer:
		req.Header.Set("Authorization", "Bearer "+s.Tokens.forURL(req.URL))
	}
}
