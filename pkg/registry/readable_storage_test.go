package registry_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// Of a server that sends all of a blob, little is taken.
func TestReadableBlobTakesLittle(t *testing.T) {
	const size = 1 << 40
	digest := registry.Digest(layer)
	sent := make(chan int, 1)
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	p := registrytest.Faulty(t, s, registrytest.Rule{Path: "blobs", Do: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "1099511627776")
		n, all := 0, 0
		for err := error(nil); err == nil; all += n {
			n, err = w.Write(make([]byte, 1<<16))
		}
		sent <- all
	}})
	c := p.Client(func(o *registry.Options) { o.Timeout = 20 * time.Second })
	if got, err := c.ReadableBlob(t.Context(), "a/b", digest, size); got != size || err != nil {
		t.Errorf("%d bytes, %v", got, err)
	}
	if n := <-sent; n > 64<<20 { // buffers of the system
		t.Errorf("%d bytes were sent", n)
	}
}

// A registry that leads to storage without the blob has lost it; storage that refuses
// for other reasons proves nothing.
func TestReadableBlobBehindRedirect(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	s.Push("a/b", small, "v1")
	for code, kind := range map[int]error{404: registry.ErrUnreadable, 403: registry.ErrDenied} {
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=1999-1999" {
				t.Errorf("storage was asked for %q", r.Header.Get("Range"))
			}
			w.WriteHeader(code)
		}))
		p := registrytest.Faulty(t, s, registrytest.Rule{Path: "blobs", Do: registrytest.Status(307, "", "Location", storage.URL+"/data?signature=sesame")})
		_, err := p.Client(quick).ReadableBlob(t.Context(), "a/b", digest, size)
		wants(t, err, kind, "", "")
		if errors.Is(err, registry.ErrNotFound) || strings.Contains(err.Error(), "sesame") {
			t.Error(err)
		}
		storage.Close()
	}
}

// A token that the server does not take any more is replaced.
func TestReadableBlobRenewsTokens(t *testing.T) {
	digest, size := registry.Digest(layer), int64(len(layer))
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{Auth: registrytest.Bearer})
	s.Push("a/b", small, "v1")
	p := registrytest.Faulty(t, s, registrytest.Rule{Path: "blobs", From: 3, Do: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { s.Challenge(w) }})
	c := p.Client(toTokens(s))
	for range 2 {
		if got, err := c.ReadableBlob(t.Context(), "a/b", digest, size); got != size || err != nil {
			t.Errorf("%d bytes, %v", got, err)
		}
	}
	if n, asked := p.Count("GET", "blobs"), len(s.Tokens.Asked()); n != 4 || asked != 2 {
		t.Errorf("asked %d times with %d tokens", n, asked)
	}
}
