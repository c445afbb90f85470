package disk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// TestTagsThatTheAPIHasNotListed: a list that is cut short makes images look untagged, so
// nothing of that repository may go. One that the API alone has is a new one.
func TestTagsThatTheAPIHasNotListed(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	l := &disk.Listing{Repositories: []*disk.Repository{
		{Name: "cut", Manifests: true, Tags: map[string]time.Time{"1": at, "2": at, "3": at}},
		{Name: "new", Manifests: true, Tags: map[string]time.Time{"1": at}},
		{Name: "unlisted", Manifests: true, Tags: map[string]time.Time{"1": at}},
	}}
	g := &graph.Registry{Repositories: []*graph.Repository{
		{Name: "cut", Tags: []graph.Tag{{Name: "1"}}}, {Name: "new", Tags: []graph.Tag{{Name: "1"}, {Name: "2"}}},
	}}
	added := l.Into(g)
	if len(added) != 1 || added[0] != "unlisted" || g.Repository("unlisted").Failed != "" {
		t.Errorf("added %v; its tags have not been asked for: %+v", added, g.Repository("unlisted"))
	}
	whole := &graph.Repository{Name: "new", Tags: []graph.Tag{{Name: "1"}}}
	l.Tags(g.Repository("unlisted"), whole)
	if failed := g.Repository("unlisted").Failed; !strings.Contains(failed, `1 tags`) {
		t.Errorf("a repository that is not in the catalog, and has lost its tag: %q", failed)
	}
	if whole.Failed != "" || !whole.Tags[0].Pushed.Equal(at) {
		t.Errorf("%+v", whole)
	}
	if failed := g.Repository("cut").Failed; !strings.Contains(failed, `2 tags`) || !strings.Contains(failed, `"2"`) {
		t.Errorf("%q", failed)
	}
	if failed := g.Repository("new").Failed; failed != "" {
		t.Error(failed)
	}
}
