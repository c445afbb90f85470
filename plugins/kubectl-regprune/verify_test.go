package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// What could not be read is not verified: tags that only the files know, one of which
// cannot be pulled, and a repository that the server fails for.
func TestVerifyCutTags(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		home(t)
		server := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		for i := range 5 {
			server.Push("cut", registrytest.Image{Layers: [][]byte{layer(fmt.Sprint("cut", i), 100)}}, fmt.Sprint("v", i))
		}
		server.Push("whole", registrytest.Image{Layers: [][]byte{layer("whole", 100)}}, "v1")
		p := registrytest.Faulty(t, server)
		w := newWorld(t, server, strings.TrimPrefix(p.URL, "http://"))
		if o := must(t, 0, w.args("verify")...); !strings.Contains(o.out, "has all that these need") {
			t.Errorf("%s", o)
		}

		m, err := server.Client().Manifest(t.Context(), "cut", "v4")
		if err != nil {
			t.Fatal(err)
		}
		ghost := server.Folder("repositories", "cut/_manifests/revisions/sha256", strings.TrimPrefix(m.Digest, "sha256:"))
		if err := os.RemoveAll(ghost); err != nil {
			t.Fatal(err)
		}
		for name, rule := range map[string]registrytest.Rule{
			"cut":   {Path: "cut/tags/list", Times: -1, Do: firstTags(2)},
			"whole": {Path: "whole/manifests/v1", Times: -1, Do: registrytest.Status(http.StatusInternalServerError, "")},
		} {
			p.Add(rule)
			o := must(t, 4, w.args("verify")...)
			if !strings.Contains(o.out, "\n"+name+" ") || !strings.Contains(o.out, "1 repository could not be read as a whole") || strings.Contains(o.out, "has all that these need") {
				t.Errorf("%s: %s", name, o)
			}
			o = must(t, 4, w.args("verify", "-o", "json")...)
			var doc struct {
				Intact *bool
				Unread []struct{ Repository, Why string }
			}
			if err := json.Unmarshal([]byte(o.out), &doc); err != nil || doc.Intact == nil || *doc.Intact || len(doc.Unread) != 1 || doc.Unread[0].Repository != name || doc.Unread[0].Why == "" {
				t.Errorf("%s: %+v, %v: %s", name, doc, err, o)
			}
			p.Clear()
		}
	})
}

// What a server claims to have and cannot send is named, with what to do about it.
func TestVerifyStale(t *testing.T) {
	home(t)
	w := start(t, registrytest.V3, registrytest.Options{})
	c := fill(t, w.server)
	stale := c.web[3]
	w.server.Delete("shop/web", stale.Digest)
	if out, err := w.server.GarbageCollect(); err != nil {
		t.Fatal(err, out)
	}
	again := registrytest.Image{Layers: stale.Blobs[1:], Annotations: map[string]string{"again": "yes"}}.Build() // or its link would be remembered, too
	upload(t, w.server, "shop/web", again.Blobs[0])
	if err := w.server.PushManifest("shop/web", "3", again.Manifest); err != nil {
		t.Fatalf("the server has noticed: %v", err)
	}
	o := must(t, 4, w.args("verify")...)
	if !strings.Contains(o.out, "unreadable: the registry says that it has the blob") || strings.Count(o.out, "Hint       restart the registry") != 1 {
		t.Errorf("%s", o)
	}
	for _, blob := range stale.Blobs {
		if strings.Contains(o.out, registry.Digest(blob)) {
			t.Errorf("the digest is there in full: %s", o)
		}
	}
}

// firstTags shows the first few tags, and no link to the next.
func firstTags(n int) registrytest.Action {
	return registrytest.Change(func(h http.Header, body []byte) []byte {
		h.Del("Link")
		var doc struct {
			Name string   `json:"name"`
			Tags []string `json:"tags"`
		}
		if json.Unmarshal(body, &doc) != nil || len(doc.Tags) < n {
			return body
		}
		doc.Tags = doc.Tags[:n]
		body, _ = json.Marshal(doc) //nolint:errchkjson // text
		return body
	})
}
