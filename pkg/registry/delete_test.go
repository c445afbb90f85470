package registry_test

import (
	"net/http"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestDeletingAManifestTakesItsTags(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Client()
		gone := s.Push("a/b", small, "v1", "v2")
		s.Push("a/b", registrytest.Image{Platform: "linux/arm64"}, "v3")
		if err := c.DeleteManifest(t.Context(), "a/b", gone.Digest); err != nil {
			t.Fatal(err)
		}
		if tags, err := c.Tags(t.Context(), "a/b"); len(tags) != 1 || err != nil {
			t.Errorf("tags %q, %v", tags, err)
		}
		wants(t, c.DeleteManifest(t.Context(), "a/b", gone.Digest), registry.ErrNotFound, "deleting manifest \"a/b@sha256:", "")
	})
}

// Distribution deletes tags from version 3 on. Before, it takes them for broken
// digests.
func TestDeletingATag(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Client()
		want := s.Push("a/b", small, "v1", "v2")
		err := c.DeleteTag(t.Context(), "a/b", "v1")
		tags, listing := c.Tags(t.Context(), "a/b")
		if listing != nil {
			t.Fatal(listing)
		}
		if v == registrytest.V2 {
			wants(t, err, registry.ErrUnsupported, "DIGEST_INVALID", "")
			if len(tags) != 2 {
				t.Errorf("tags %q", tags)
			}
			return
		}
		if err != nil || len(tags) != 1 {
			t.Errorf("tags %q, %v", tags, err)
		}
		sameManifest(t, c, "a/b", want.Digest, want)
		wants(t, c.DeleteTag(t.Context(), "a/b", "v1"), registry.ErrNotFound, "", "")
	})
}

func TestDeletionDisabled(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoDelete: true})
		c := s.Client()
		kept := s.Push("a/b", small, "v1")
		wants(t, c.DeleteManifest(t.Context(), "a/b", kept.Digest), registry.ErrUnsupported, "405", "")
		wants(t, c.DeleteTag(t.Context(), "a/b", "v1"), registry.ErrUnsupported, "", "")
		sameManifest(t, c, "a/b", "v1", kept)
	})
}

// What is no digest, tag or repository never leaves the machine.
func TestNamesAreCheckedBeforeTheyAreSent(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	p := registrytest.Faulty(t, s)
	c := p.Client()
	ctx := t.Context()
	for _, bad := range []string{"", "latest", "sha256:abc", "md5:00", "../x", "a/../b", "?x", "A/b", "a//b", "a b", "é"} {
		if bad != "latest" {
			_, err := c.Tags(ctx, bad)
			wants(t, err, nil, "no name of a repository", "")
			if bad != "" {
				_, err = c.Manifest(ctx, "a/b", bad)
				wants(t, err, nil, "neither a tag nor a digest", "")
			}
			wants(t, c.DeleteTag(ctx, "a/b", bad), nil, "no tag", "")
		}
		wants(t, c.DeleteManifest(ctx, "a/b", bad), nil, "no digest", "")
		_, err := c.Blob(ctx, "a/b", bad, 1)
		wants(t, err, nil, "no digest", "")
		_, err = c.StatBlob(ctx, "a/b", bad)
		wants(t, err, nil, "no digest", "")
	}
	if got := p.Requests(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

func TestPuttingBack(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Client()
		ctx := t.Context()
		want := s.Push("a/b", list(), "v1")
		m, err := c.Manifest(ctx, "a/b", "v1")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteManifest(ctx, "a/b", m.Digest); err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{m.Digest, "v1", "v2"} {
			if err := c.PutManifest(ctx, "a/b", ref, m); err != nil {
				t.Fatal(err)
			}
			sameManifest(t, c, "a/b", ref, want)
		}
		other := registry.Digest([]byte("other"))
		wants(t, c.PutManifest(ctx, "a/b", other, m), registry.ErrContent, "", "")
		wants(t, c.PutManifest(ctx, "a/b", "v1", &registry.Manifest{MediaType: m.MediaType, Digest: other, Body: m.Body}), registry.ErrContent, "", "")
		lost := registrytest.Image{Layers: [][]byte{[]byte("not there")}}.Build()
		err = c.PutManifest(ctx, "a/b", "v3", &lost.Manifest)
		wants(t, err, nil, "MANIFEST_BLOB_UNKNOWN", "")

		p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodPut, Do: registrytest.SetHeader("Docker-Content-Digest", other)})
		wants(t, p.Client(quick).PutManifest(ctx, "a/b", "v4", m), registry.ErrContent, "the server calls it", "")
	})
}

// A redirected deletion would come out as a GET, whose success says nothing.
func TestARedirectedDeletionIsNotFollowed(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("a/b", small, "v1")
	p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodDelete, Times: -1,
		Do: registrytest.Status(http.StatusMovedPermanently, "", "Location", "https://other.example/x?signature=sesame")})
	err := p.Client(quick).DeleteManifest(t.Context(), "a/b", c.Digest)
	wants(t, err, nil, "status 301: it redirects to https://other.example", "address that it redirects to")
	if got := p.Requests(); len(got) != 1 {
		t.Errorf("sent %q", got)
	}
}
