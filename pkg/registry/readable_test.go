package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestReadableBlob(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		s.Push("a/b", registrytest.Image{Layers: [][]byte{layer, {}}}, "v1")
		var dials atomic.Int64
		c := s.Client(quick, func(o *registry.Options) {
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				return new(net.Dialer).DialContext(ctx, network, address)
			}
		})
		ask := func(digest string, size, want int64, kind error) {
			t.Helper()
			if got, err := c.ReadableBlob(t.Context(), "a/b", digest, size); got != want || !errors.Is(err, kind) {
				t.Errorf("%d bytes, %v; want %d, %v", got, err, want, kind)
			}
		}
		empty := registry.Digest(nil)
		for _, expected := range []int64{size, -1} {
			ask(digest, expected, size, nil)
		}
		for _, expected := range []int64{size + 1, size - 1, 0, 1 << 40} {
			ask(digest, expected, size, registry.ErrSize)
		}
		ask(empty, 0, 0, nil)
		ask(empty, -1, 0, nil)
		ask(empty, 1, 0, registry.ErrSize)
		ask(registry.Digest([]byte("no")), size, 0, registry.ErrNotFound)
		ask(registry.Digest([]byte("no")), -1, 0, registry.ErrNotFound)
		if dials.Load() > 2 { // an old version closes connections with a 416
			t.Logf("%d connections", dials.Load())
		}
		before := dials.Load()
		for range 20 {
			ask(digest, size, size, nil)
		}
		if n := dials.Load() - before; n > 1 {
			t.Errorf("%d connections for 20 blobs", n)
		}
		if err := os.Truncate(s.BlobFile(digest), 3); err != nil {
			t.Fatal(err)
		}
		ask(digest, size, 3, registry.ErrSize)
		_, err := c.ReadableBlob(t.Context(), "a/b", "sha256:1", 1)
		wants(t, err, nil, "is no digest", "")
	})
}

// A server that remembers what is gone, or what was longer once, is found out.
func TestReadableBlobOfStaleCache(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("a/b", registrytest.Image{Layers: [][]byte{registrytest.Layer("other", 900)}}, "kept")
		gone := s.Push("a/b", small, "v1")
		var h heard
		c := s.Client(h.option)
		deceived := func() {
			t.Helper()
			if got, err := c.StatBlob(t.Context(), "a/b", digest); got != size || err != nil {
				t.Errorf("the server has noticed: %d bytes, %v", got, err)
			}
			for _, expected := range []int64{size, -1} {
				repeated := h.count()
				_, err := c.ReadableBlob(t.Context(), "a/b", digest, expected)
				wants(t, err, registry.ErrUnreadable, "stale", "restart the registry")
				if errors.Is(err, registry.ErrNotFound) || h.count() != repeated+2 {
					t.Errorf("%v, repeated %d times", err, h.count()-repeated)
				}
			}
		}
		file := s.BlobFile(digest)
		if err := os.Truncate(file, size-1); err != nil {
			t.Fatal(err)
		}
		deceived()
		if err := os.WriteFile(file, layer, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := c.ReadableBlob(t.Context(), "a/b", digest, size); got != size || err != nil {
			t.Errorf("%d bytes, %v", got, err)
		}
		s.Delete("a/b", gone.Digest)
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatal(out, err)
		}
		deceived()
		s.Restart()
		_, err := s.Client(quick).ReadableBlob(t.Context(), "a/b", digest, size)
		wants(t, err, registry.ErrNotFound, "reading a byte of blob", "")
	})
}

func TestFaultsOfReadableBlob(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	noRanges := registrytest.Hook(func(r *http.Request) { r.Header.Del("Range") })
	for name, test := range map[string]struct {
		do    registrytest.Action
		times int // -1: it stays
		asked int // 0: versions differ
		kind  error
		text  string // "": it succeeds
	}{
		"ranges are unknown":      {noRanges, -1, 1, nil, ""},
		"cut":                     {registrytest.CutAt(0), 2, 3, nil, ""},
		"cut always":              {registrytest.CutAt(0), -1, 3, registry.ErrUnreadable, "unexpected EOF"},
		"nothing sent":            {registrytest.Truncate(0), -1, 3, registry.ErrUnreadable, "unexpected EOF"},
		"all is cut":              {cutAll(noRanges), -1, 3, registry.ErrUnreadable, "unexpected EOF"},
		"all of an empty one":     {registrytest.Status(200, ""), -1, 1, registry.ErrSize, "has 0 bytes"},
		"all of another":          {registrytest.Status(200, "other"), -1, 1, registry.ErrSize, "has 5 bytes"},
		"dropped":                 {registrytest.Drop(), 2, 3, nil, ""},
		"dropped always":          {registrytest.Drop(), -1, 6, nil, "EOF"},
		"429":                     {registrytest.Status(429, "", "Retry-After", "0"), 3, 4, nil, ""},
		"503":                     {registrytest.Status(503, ""), 3, 4, nil, ""},
		"500 stays":               {registrytest.Status(500, ""), -1, 3, nil, "500"},
		"no range said":           {registrytest.SetHeader("Content-Range", ""), -1, 3, nil, "sent \"\""},
		"another range":           {registrytest.SetHeader("Content-Range", "bytes 0-0/2000"), -1, 3, nil, "byte 1999 was asked for"},
		"no total said":           {registrytest.SetHeader("Content-Range", "bytes 1999-1999/*"), -1, 1, nil, ""},
		"another total":           {registrytest.SetHeader("Content-Range", "bytes 1999-1999/3000"), 1, 0, nil, ""},
		"refused, no total":       {registrytest.Status(416, ""), -1, 3, nil, "does not send the last one"},
		"refused once, no total":  {registrytest.Status(416, ""), 1, 2, nil, ""},
		"refused, negative total": {registrytest.Status(416, "", "Content-Range", "bytes */-7"), 1, 2, nil, ""},
		"no length said":          {chunked(noRanges), -1, 1, nil, ""},
		"a page":                  {registrytest.Status(200, "<html>", "Content-Type", "text/html"), -1, 3, nil, "HTML page"},
		"404 of a page":           {registrytest.Status(404, "<html>", "Content-Type", "text/html"), -1, 1, nil, "HTML page"},
		"403":                     {registrytest.Status(403, ""), -1, 1, registry.ErrDenied, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range registrytest.Versions {
				s := registrytest.Start(t, v, registrytest.Options{})
				s.Push("a/b", small, "v1")
				p := registrytest.Faulty(t, s, registrytest.Rule{Method: "GET", Path: "blobs", Times: test.times, Do: test.do})
				got, err := p.Client(quick).ReadableBlob(t.Context(), "a/b", digest, size)
				switch {
				case test.text != "":
					wants(t, err, test.kind, test.text, "")
					if errors.Is(err, registry.ErrNotFound) || test.kind == nil && (errors.Is(err, registry.ErrUnreadable) || errors.Is(err, registry.ErrSize)) {
						t.Errorf("%s: proves nothing: %v", v, err)
					}
				case err != nil || got != size:
					t.Errorf("%s: %d bytes, %v", v, got, err)
				}
				if n := p.Count("GET", "blobs"); test.asked > 0 && n != test.asked {
					t.Errorf("%s: asked %d times, want %d (%v)", v, n, test.asked, err)
				}
			}
		})
	}
}

// chunked does not say how long the answer to a changed request is.
func chunked(change registrytest.Action) registrytest.Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		change(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			server.ServeHTTP(got, r)
			w.WriteHeader(got.Code)
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(got.Body.Bytes()) // the client may have gone
		}))
	}
}

// A blob that is too short is found out behind a proxy that loses the answer.
func TestReadableBlobTooShort(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		s.Push("a/b", small, "v1")
		if err := os.Truncate(s.BlobFile(digest), 3); err != nil {
			t.Fatal(err)
		}
		got, err := registrytest.Faulty(t, s).Client(quick).ReadableBlob(t.Context(), "a/b", digest, size)
		if wants(t, err, registry.ErrSize, "has 3 bytes, and should have 2000", ""); got != 3 {
			t.Errorf("%d bytes", got)
		}
	})
}

// cutAll cuts the connection before the first byte of an answer to a changed request.
func cutAll(change registrytest.Action) registrytest.Action {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		change(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { registrytest.CutAt(0)(w, r, server) }))
	}
}
