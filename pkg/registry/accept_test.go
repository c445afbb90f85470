package registry_test

import (
	"net/http"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// Who does not name lists in Accept gets one image of a list instead, with that one's
// digest: to delete it breaks the list. The first half shows that servers still do
// it, the second that the client cannot be led so.
func TestAListIsNotMistakenForItsImage(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", list(), "v1")
		amd64 := want.Children[0].Digest
		resp, err := s.Do(http.MethodHead, "/v2/a/b/manifests/v1", http.StatusOK, nil, "Accept", registry.DockerManifest)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("Docker-Content-Digest"); got != amd64 {
			t.Fatalf("the server answered with %s, so this test shows nothing any more", got)
		}
		sameManifest(t, s.Client(), "a/b", "v1", want)
	})
}
