package render_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

func used(t *testing.T, format string, g *graph.Registry, o render.UsageOptions) string {
	t.Helper()
	var b strings.Builder
	if err := render.Usage(&b, format, usage.Of(g, "svc/registry/registry:5000"), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUsageFormats(t *testing.T) {
	g := sample.Registry()
	for _, format := range []string{render.Table, render.Wide, render.JSON, render.YAML} {
		sample.Golden(t, "usage."+format+".txt", used(t, format, g, render.UsageOptions{Now: sample.Now}))
	}
	sample.Golden(t, "usage.top.txt", used(t, render.Table, g, render.UsageOptions{Images: true, Top: 1, Now: sample.Now}))
	if got := used(t, render.HTML, g, render.UsageOptions{Now: sample.Now}); !strings.HasPrefix(got, "<!doctype html>") {
		t.Errorf("html begins with %.40q", got)
	}
}

// TestUsageOfWhatIsNotKnown: bounds say that they are, and nothing unknown is 0.
func TestUsageOfWhatIsNotKnown(t *testing.T) {
	g := sample.Registry()
	g.Stored = nil
	g.Repositories[1].Complete = false
	b := sample.Builder{Registry: g}
	b.Repository("unknown/sizes", map[string]string{"1": sample.Digest("sizes")}, b.Image("sizes", time.Hour, map[string]int64{"of unknown size": -1}))
	unread := &graph.Manifest{Digest: sample.Digest("unread"), Broken: "cut short"}
	b.Manifests[unread.Digest] = unread
	b.Repository("unknown/manifest", map[string]string{"1": unread.Digest}, unread)
	sample.Golden(t, "usage.unknown.txt", used(t, render.Wide, g, render.UsageOptions{}))
}

// The biggest images are those of the registry, not so many of each repository.
func TestLargestImagesAreOneList(t *testing.T) {
	got := used(t, render.Table, sample.Registry(), render.UsageOptions{Images: true, Top: 4})
	_, images, _ := strings.Cut(got, "\n\n")
	images, _, _ = strings.Cut(images, "\n\n")
	lines := strings.Split(images, "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[4], "shop/api:latest") || lines[5] != "(3 smaller ones)" {
		t.Errorf("not 4 images of 7:\n%s", images)
	}
}
