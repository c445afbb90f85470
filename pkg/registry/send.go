package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// request is what is asked of the registry, as often as it takes.
type request struct {
	doing     string // for errors: "reading manifest"
	about     string // for errors, if it is about no repository
	method    string
	path      string // below BASE/v2/
	query     url.Values
	repo, ref string
	scope     string // of a bearer token; "" for none
	header    http.Header
	body      []byte
	limit     int64 // of the answer's body, in bytes
	once      bool  // repeating it could do something twice
	smaller   bool  // a 504 is answered with a smaller request, not with the same one
	bare      bool  // without credentials
	unread    bool  // the answer's body is not wanted
	sample    bool  // a part of a blob is asked for, and one byte of the answer's body is wanted
	check     func(*response) error
	seen      func(*http.Response) // hears of every answer
}

type response struct {
	status int
	header http.Header
	length int64 // as announced, -1 if it was not
	body   []byte
}

// operand is what the request is about, as people write it.
func (r *request) operand() string {
	switch {
	case r.repo == "":
		return r.about
	case r.ref == "":
		return r.repo
	case strings.Contains(r.ref, ":"):
		return r.repo + "@" + r.ref
	}
	return r.repo + ":" + r.ref
}

// do sends a request until it is answered, or refused for good, or ctx ends.
func (c *Client) do(ctx context.Context, r *request) (*response, error) {
	if r.about == "" {
		if err := checkNames(r.repo, r.ref); err != nil {
			return nil, fmt.Errorf("%s: %w", r.doing, err)
		}
	}
	unsure := false
	for n := 1; ; n++ {
		resp, err := c.attempt(ctx, r)
		if err == nil {
			return resp, nil
		}
		if unsure && r.method == http.MethodDelete && errors.Is(err, ErrNotFound) {
			return &response{status: http.StatusAccepted}, nil // an earlier attempt did it
		}
		err = explain(fmt.Errorf("%s %q: %w", r.doing, r.operand(), err))
		of := c.retry.allowed(r, err)
		if n > of || ctx.Err() != nil {
			return nil, err
		}
		unsure = unsure || statusOf(err) != http.StatusTooManyRequests
		if ended := c.wait(ctx, err, n, of); ended != nil {
			return nil, fmt.Errorf("%w, while waiting to try again: %w", ended, err)
		}
		if refused := mayRepeat(ctx); refused != nil {
			return nil, fmt.Errorf("%w, and not trying again: %w", err, refused)
		}
	}
}

func (c *Client) attempt(ctx context.Context, r *request) (*response, error) {
	ctx, cancel := c.attemptContext(ctx)
	defer cancel()
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer resp.Body.Close()
	if r.seen != nil {
		r.seen(resp)
	}
	if !success(r.method, resp) && (!r.sample || !partial(resp)) {
		return nil, c.refusal(resp, r)
	}
	answer := &response{status: resp.StatusCode, header: resp.Header, length: resp.ContentLength}
	if err := answer.read(ctx, resp, r); err != nil {
		return nil, err
	}
	if r.check != nil {
		if err := r.check(answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// read reads as much of the body as r wants.
func (a *response) read(ctx context.Context, resp *http.Response, r *request) (err error) {
	switch {
	case r.unread:
		return nil
	case r.sample:
		return sampled(ctx, resp)
	}
	if a.body, err = readBody(resp, r.limit); err != nil {
		return failure(ctx, err)
	}
	return nil
}

// refusal is the error of an answer that is no success. A registry that redirects says
// that it has the blob; if its storage has not, that is not for the registry to say.
func (c *Client) refusal(resp *http.Response, r *request) error {
	e := parseError(resp, r)
	if r.sample && e.Status == http.StatusNotFound && !e.registry && resp.Request.URL.Host != c.base.Host {
		return unreadable(fmt.Errorf("its storage at %q says %w", oneLine(resp.Request.URL.Host), e))
	}
	return e
}

// send asks without credentials until a server wants some: most registries in clusters
// never do, and reading thousands of manifests is mostly overhead.
func (c *Client) send(ctx context.Context, r *request) (*http.Response, error) {
	if r.bare || !c.challenged.Load() {
		resp, err := c.http.Do(c.newRequest(ctx, r, c.header(r)))
		if r.bare || err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
		c.challenged.Store(true)
		ctx = withChallenge(ctx, resp)
	}
	if r.scope != "" {
		ctx = auth.WithScopesForHost(ctx, c.base.Host, r.scope)
	}
	header := r.header
	if header == nil {
		header = http.Header{}
	}
	return c.auth.Do(c.newRequest(ctx, r, header))
}

// header is what r is sent with if there are no credentials. Nobody changes it.
func (c *Client) header(r *request) http.Header {
	if r.header == nil {
		return c.auth.Header
	}
	header := make(http.Header, len(r.header)+1)
	maps.Copy(header, r.header)
	maps.Copy(header, c.auth.Header)
	return header
}

func (c *Client) newRequest(ctx context.Context, r *request, header http.Header) *http.Request {
	target := *c.base
	target.Path += "/v2/" + r.path
	target.RawQuery = r.query.Encode()
	hr := (&http.Request{Method: r.method, URL: &target, Host: target.Host, Header: header}).WithContext(ctx)
	if r.body != nil {
		hr.ContentLength = int64(len(r.body))
		hr.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		hr.Body, _ = hr.GetBody() // cannot fail
	}
	return hr
}

// success reports whether a status is the protocol's for "done". An HTML page is
// never the registry's.
func success(method string, resp *http.Response) bool {
	s := resp.StatusCode
	switch method {
	case http.MethodGet, http.MethodHead:
		return s == http.StatusOK
	case http.MethodPut:
		return s == http.StatusCreated
	case http.MethodPost:
		return s == http.StatusAccepted
	case http.MethodDelete:
		return s == http.StatusAccepted || s == http.StatusNoContent || s == http.StatusOK && !isHTML(resp.Header)
	}
	return false
}

// partial reports whether a status is an answer to a request for a part of a blob.
func partial(resp *http.Response) bool {
	return resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusRequestedRangeNotSatisfiable
}

func isHTML(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

// readBody reads all of a body that is within limit.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, tooLong(limit)
	}
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength >= 0 {
		body := make([]byte, resp.ContentLength)
		_, err := io.ReadFull(resp.Body, body)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return nil, tooLong(limit)
	}
	return body, err
}

func tooLong(limit int64) error {
	return permanent{fmt.Errorf("the answer is longer than %d bytes", limit)}
}

func pull(repo string) string { return auth.ScopeRepository(repo, auth.ActionPull) }
