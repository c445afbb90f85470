package inventory

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

// firstOf lets lists be no longer than n, without a link to the rest, as some proxies do.
func firstOf(n int) registrytest.Action {
	return registrytest.Change(func(h http.Header, body []byte) []byte {
		h.Del("Link")
		var doc map[string]any
		if json.Unmarshal(body, &doc) != nil {
			return body
		}
		for _, key := range []string{"tags", "repositories"} {
			if list, ok := doc[key].([]any); ok {
				doc[key] = list[:min(n, len(list))]
			}
		}
		cut, err := json.Marshal(doc)
		if err != nil {
			return body
		}
		return cut
	})
}

// TestUnlistedRepositoryWithCutTags: a repository that only the files know is compared
// with them as well, or images of tags that the API leaves out would look untagged.
func TestUnlistedRepositoryWithCutTags(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("a", image("a"), "1", "2")
		s.Push("b", image("b"), "1", "2")
		s.Push("y/whole", image("whole"), "1", "2")
		for _, tag := range []string{"v0", "v1", "v2"} {
			s.Push("z/app", image(tag), tag)
		}
		listing, err := disk.List(t.Context(), disktest.Local{}, s.Root)
		if err != nil {
			t.Fatal(err)
		}
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "GET", Path: "_catalog|tags/list", Times: -1, Do: firstOf(2)})
		g := read(t, proxy.Client(), Options{Disk: listing})
		r := g.Repository("z/app")
		if r == nil || len(r.Linked) != 3 || g.Repository("a").Failed != "" || g.Repository("b").Failed != "" {
			t.Fatalf("%+v", g.Repositories)
		}
		if len(r.Tags) != 2 || !strings.Contains(r.Failed, `1 tags that the API has not listed`) {
			t.Errorf("tags %v, failed %q: nobody knows that the third image has a tag", r.Tags, r.Failed)
		}
		whole := g.Repository("y/whole")
		if whole == nil || whole.Failed != "" || len(whole.Tags) != 2 || whole.Tags[0].Pushed.IsZero() {
			t.Errorf("all tags of it are listed: %+v", whole)
		}
	})
}
