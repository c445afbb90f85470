package registry_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// Faults that pass are survived, faults that stay are told; how often the server was
// asked says that nothing else happened.
func TestFaultsOfReading(t *testing.T) {
	other := registry.Digest([]byte("other"))
	html := registrytest.Status(404, "<html>not here", "Content-Type", "text/html")
	for name, test := range map[string]struct {
		do     registrytest.Action
		times  int // -1: it stays
		asked  int
		kind   error
		text   string
		hinted string
	}{
		"500":                  {registrytest.Status(500, `{"errors":[{"code":"UNKNOWN","message":"disk"}]}`), 2, 3, nil, "", ""},
		"500 stays":            {registrytest.Status(500, `{"errors":[{"code":"UNKNOWN","message":"disk"}]}`), -1, 3, nil, "status 500, UNKNOWN: disk", ""},
		"502":                  {registrytest.Status(502, ""), 5, 6, nil, "", ""},
		"503 stays":            {registrytest.Status(503, "busy\nsecond line"), -1, 6, nil, "status 503: busy", ""},
		"504":                  {registrytest.Status(504, ""), 1, 2, nil, "", ""},
		"429":                  {registrytest.Status(429, "", "Retry-After", "0"), 3, 4, nil, "", ""},
		"429 for an hour":      {registrytest.Status(429, "", "Retry-After", "3600"), -1, 1, nil, "429", ""},
		"dropped":              {registrytest.Drop(), 2, 3, nil, "", ""},
		"dropped always":       {registrytest.Drop(), -1, 6, nil, "reading manifest \"a/b:v1\"", ""},
		"cut":                  {registrytest.CutAt(40), 1, 2, nil, "", ""},
		"cut always":           {registrytest.CutAt(40), -1, 6, nil, "unexpected EOF", ""},
		"truncated":            {registrytest.Truncate(40), 1, 2, nil, "", ""},
		"truncated always":     {registrytest.Truncate(40), -1, 3, registry.ErrContent, "does not match its digest", ""},
		"wrong digest":         {registrytest.SetHeader("Docker-Content-Digest", other), -1, 3, registry.ErrContent, "the server calls it " + other, ""},
		"no digest":            {registrytest.SetHeader("Docker-Content-Digest", ""), -1, 1, nil, "", ""},
		"silly digest":         {registrytest.SetHeader("Docker-Content-Digest", "yes"), -1, 3, nil, "no digest", ""},
		"wrong type":           {registrytest.SetHeader("Content-Type", registry.DockerList), -1, 3, nil, "calls itself", ""},
		"vague type":           {registrytest.SetHeader("Content-Type", "application/json; charset=utf-8"), -1, 1, nil, "", ""},
		"no JSON":              {registrytest.Status(200, "hello", "Content-Type", registry.OCIManifest), -1, 3, nil, "no JSON", ""},
		"too long":             {registrytest.Status(200, strings.Repeat("x", 9<<20)), -1, 1, nil, "longer than 8388608 bytes", ""},
		"404 of another":       {html, -1, 1, nil, "HTML page", "did not come from a registry"},
		"404 of another, text": {registrytest.Status(404, "404 page not found"), -1, 1, nil, "404 page not found", "did not come from a registry"},
		"403":                  {registrytest.Status(403, ""), -1, 1, registry.ErrDenied, "status 403 forbidden", "credentials"},
		"redirect to nowhere":  {registrytest.Status(302, ""), -1, 1, nil, "302", "redirects"},
		"endless redirect":     {registrytest.Status(307, "", "Location", "/v2/a/b/manifests/v1"), -1, 5, nil, "redirected more than", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range registrytest.Versions {
				s := registrytest.Start(t, v, registrytest.Options{})
				want := s.Push("a/b", small, "v1")
				p := registrytest.Faulty(t, s, registrytest.Rule{Method: "GET", Path: "manifests", Times: test.times, Do: test.do})
				m, err := p.Client(quick).Manifest(t.Context(), "a/b", "v1")
				switch {
				case test.text != "":
					wants(t, err, test.kind, test.text, test.hinted)
					if m != nil || errors.Is(err, registry.ErrNotFound) {
						t.Errorf("%s: got %v, %v", v, m, err)
					}
				case err != nil || m.Digest != want.Digest || m.MediaType != want.MediaType:
					t.Errorf("%s: got %+v, %v", v, m, err)
				}
				if got := p.Count("GET", "manifests"); got != test.asked {
					t.Errorf("%s: asked %d times, want %d (%v)", v, got, test.asked, err)
				}
			}
		})
	}
}

// A deletion that was done although nobody heard of it is a success, and one that was
// never tried is not.
func TestFaultsOfDeleting(t *testing.T) {
	for name, test := range map[string]struct {
		do    registrytest.Action
		times int
		asked int
		kind  error // nil: it succeeds
	}{
		"dropped before":     {registrytest.Drop(), 1, 2, nil},
		"dropped after":      {registrytest.DropAfter(), 1, 2, nil},
		"gateway timeout":    {registrytest.StatusAfter(504, ""), 1, 2, nil},
		"429":                {registrytest.Status(429, ""), 2, 3, nil},
		"429 after all":      {registrytest.StatusAfter(429, ""), 1, 2, registry.ErrNotFound},
		"redirected":         {registrytest.Status(302, "", "Location", "/v2/"), -1, 1, errAny},
		"a page":             {registrytest.Status(200, "<html>", "Content-Type", "text/html"), -1, 1, errAny},
		"404 of a page":      {registrytest.Status(404, "<html>", "Content-Type", "text/html"), -1, 1, errAny},
		"404 after all of a": {pageAfterDrop(), -1, 2, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
				s := registrytest.Start(t, v, registrytest.Options{})
				c := s.Push("a/b", small, "v1")
				p := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Times: test.times, Do: test.do})
				err := p.Client(quick).DeleteManifest(t.Context(), "a/b", c.Digest)
				switch {
				case test.kind == nil && err != nil:
					t.Error(err)
				case test.kind != nil && (err == nil || test.kind != errAny && !errors.Is(err, test.kind)):
					t.Errorf("got %v", err)
				}
				if got := p.Count("DELETE", ""); got != test.asked {
					t.Errorf("asked %d times, want %d", got, test.asked)
				}
				if _, err := s.Client().Manifest(t.Context(), "a/b", "v1"); test.kind == nil && !errors.Is(err, registry.ErrNotFound) {
					t.Errorf("it is still there: %v", err)
				}
			})
		})
	}
}

// errAny stands for any error but ErrNotFound.
var errAny = errors.New("any")

func pageAfterDrop() registrytest.Action {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if n.Add(1)%2 == 1 {
			registrytest.Drop()(w, r, server)
			return
		}
		registrytest.Status(404, "<html>", "Content-Type", "text/html")(w, r, server)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("a/b", small, "v1")
	for name, value := range map[string]string{
		"seconds": "1",
		"date":    time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat),
	} {
		t.Run(name, func(t *testing.T) {
			p := registrytest.Faulty(t, s, registrytest.Rule{Do: registrytest.Status(429, "", "Retry-After", value)})
			var h heard
			start := time.Now()
			if _, err := p.Client(h.option).Tags(t.Context(), "a/b"); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d < 900*time.Millisecond || h.count() != 1 || h.all[0].Again != 1 || h.all[0].Of != 5 {
				t.Errorf("waited %s: %+v", d, h.all)
			}
		})
	}
}

// Whoever asks for it is asked before each repetition, and not for what it asks itself.
func TestWithRepeat(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("a/b", small, "v1")
	p := registrytest.Faulty(t, s, registrytest.Rule{Path: "tags/list", Times: 2, Do: registrytest.Status(503, "")}, registrytest.Rule{Method: "HEAD", Times: 1, Do: registrytest.Status(503, "")})
	c := p.Client()
	asked, stop := 0, errors.New("things have changed")
	ctx := registry.WithRepeat(t.Context(), func(ctx context.Context) error {
		asked++
		_, err := c.Head(ctx, "a/b", "v1")
		return err
	})
	if tags, err := c.Tags(ctx, "a/b"); err != nil || len(tags) != 1 || asked != 2 {
		t.Errorf("%q, %v, asked %d times", tags, err, asked)
	}
	p.Add(registrytest.Rule{Path: "tags/list", Times: -1, Do: registrytest.Status(503, "")})
	before := p.Count("GET", "tags/list")
	_, err := c.Tags(registry.WithRepeat(t.Context(), func(context.Context) error { return stop }), "a/b")
	if n := p.Count("GET", "tags/list") - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
	wants(t, err, stop, "503", "")
}

// The wait for another attempt ends with the context, and the error knows both.
func TestCancelledWhileWaiting(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	p := registrytest.Faulty(t, s, registrytest.Rule{Times: -1, Do: registrytest.Status(503, "")})
	ctx, cancel := context.WithCancel(t.Context())
	c := p.Client(func(o *registry.Options) {
		o.Retry.Wait, o.Retry.MaxWait = time.Hour, time.Hour
		o.OnRetry = func(registry.Attempt) { cancel() }
	})
	_, err := c.Tags(ctx, "a/b")
	wants(t, err, context.Canceled, "503", "")
}

// An attempt that takes too long is given up and repeated; the caller's own end is
// the caller's.
func TestSlowAnswers(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	s.Push("a/b", small, "v1")
	p := registrytest.Faulty(t, s, registrytest.Rule{Do: registrytest.Delay(time.Minute)})
	c := p.Client(quick, func(o *registry.Options) { o.Timeout = 300 * time.Millisecond })
	if _, err := c.Tags(t.Context(), "a/b"); err != nil || p.Count("", "") != 2 {
		t.Errorf("asked %d times, %v", p.Count("", ""), err)
	}
	p.Add(registrytest.Rule{Times: -1, Do: registrytest.Delay(time.Minute)})
	why := errors.New("why")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, why)
	defer cancel()
	_, err := c.Tags(ctx, "a/b")
	wants(t, err, why, "listing tags", "")
}

// A registry that restarts in the middle is waited for.
func TestRestartInTheMiddle(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", small, "v1")
		c := s.Client(func(o *registry.Options) { o.Retry.Wait = 100 * time.Millisecond })
		sameManifest(t, c, "a/b", "v1", want)
		s.Kill()
		done := make(chan error, 1)
		go func() {
			_, err := c.Manifest(t.Context(), "a/b", "v1")
			done <- err
		}()
		time.Sleep(200 * time.Millisecond)
		s.Start()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A moved tag, seen from the client: what was read first stays consistent in itself.
func TestTagMovesInTheMiddle(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("a/b", small, "v1")
	var moved *registrytest.Content
	p := registrytest.Faulty(t, s, registrytest.Rule{Method: "GET", Do: registrytest.Hook(func(*http.Request) {
		moved = s.Push("a/b", registrytest.Image{Platform: "linux/arm"}, "v1")
	})})
	c := p.Client()
	before, err := c.Head(t.Context(), "a/b", "v1")
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.Manifest(t.Context(), "a/b", "v1")
	if err != nil || after.Digest != moved.Digest || after.Digest == before.Digest {
		t.Errorf("got %v, %v", after, err)
	}
}
