package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// identify refuses what is no registry of distribution, by what it shows of itself.
func (s *session) identify(ctx context.Context) error {
	found, err := locate.Identify(ctx, s.getter)
	if err != nil {
		return err
	}
	if err := found.Check(s.name); err != nil {
		return err
	}
	version := "unknown"
	if s.candidate != nil {
		version = cmp.Or(s.candidate.Version, version)
	}
	s.server = "distribution/" + version
	return nil
}

// tagsOwn finds out whether a tag can be deleted without its manifest, which
// distribution does from version 3 on, by deleting one that cannot exist.
func (s *session) tagsOwn(ctx context.Context, repository string) (bool, error) {
	err := s.client.DeleteTag(ctx, repository, "regprune-probe-"+rand.Text())
	switch {
	case err == nil, errors.Is(err, registry.ErrNotFound):
		return true, nil
	case errors.Is(err, registry.ErrUnsupported):
		return false, nil
	case errors.Is(err, registry.ErrDenied), errors.Is(err, registry.ErrUnauthorized): // who may only read can plan
		s.notes = append(s.notes, "whether the server can remove a tag alone is not known, as this login may not delete; twins of what stays are kept")
		return false, nil
	}
	return false, fmt.Errorf("asking whether tags can be deleted: %w", err)
}

// generation corrects the version of the server by what it can do.
func (s *session) generation(tagsOwn bool) {
	if s.server == "distribution/unknown" && tagsOwn {
		s.server = "distribution/3"
	}
	if s.server == "distribution/unknown" {
		s.server = "distribution/2"
	}
}

// getter asks a server by plain HTTP, without credentials, and follows it nowhere.
type getter struct {
	base *url.URL
	http *http.Client
}

func newGetter(base *url.URL, dial dialFunc, config *tls.Config) getter {
	return getter{base, &http.Client{
		Transport:     &http.Transport{DialContext: dial, TLSClientConfig: config, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (g getter) Get(ctx context.Context, path string) (int, http.Header, []byte, error) {
	const most = 64 << 10
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base.JoinPath(path).String(), nil)
	if err != nil {
		return 0, nil, nil, err
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	return resp.StatusCode, resp.Header, body, err
}
