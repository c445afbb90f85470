package why

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
)

func told(t *testing.T, p *plan.Plan, g *graph.Registry, image string) string {
	t.Helper()
	w, err := Of(p, g, image)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := w.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStories(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	var all strings.Builder
	for _, image := range []string{
		"shop/api", "localhost:32000/shop/api:v1.7", "shop/api:v1.8", "shop/api:v1.5", "registry.example.com/shop/web:42",
		"shop/web@" + sample.Digest("web untagged"), "tools/jq:1.7@" + sample.Digest("tool"), "shop/api@" + sample.Digest("api 1.9 arm64"),
		"shop/api:sha256-" + strings.TrimPrefix(sample.Digest("api 1.9"), "sha256:") + ".sig",
	} {
		all.WriteString(told(t, p, g, image) + "\n")
	}
	sample.Golden(t, "stories.txt", all.String())
}

func TestWithoutGraph(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	got := told(t, p, nil, "shop/api:latest")
	for _, want := range []string{"How much it takes is not known.", "Belonging to it:", "signature or other artifact"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "0 B") {
		t.Errorf("a size is made up:\n%s", got)
	}
}

func TestAtMostWhereUntaggedManifestsAreNotKnown(t *testing.T) {
	g := sample.Registry()
	g.Repositories[1].Complete = false
	if got := told(t, sample.Plan(g), g, "shop/api:v1.8"); !strings.Contains(got, "nothing else needs at most 9.0 MiB") {
		t.Error(got)
	}
}

func TestUnknownImages(t *testing.T) {
	p := sample.Plan(sample.Registry())
	for image, want := range map[string]string{
		"shop/nothing:1":          `no repository "shop/nothing"|there are the repositories shop/api, shop/web, team/empty, tools/jq`,
		"shop/web":                `no tag "latest" in repository "shop/web"|there are the tags 41, 42, 43`,
		"shop/web:1":              `no tag "1"|41, 42, 43`,
		"shop/api:nope":           `no tag "nope"|and 1 more`,
		"shop/web@sha256:abc":     `no manifest "sha256:abc"|there are the tags`,
		"shop/web:41@sha256:abc":  `tag "41" of repository "shop/web" leads to "sha256:|ask for shop/web@sha256:abc`,
		"team/empty":              `no tag "latest"|there are no tags`,
		"other/shop/web:41":       `no repository "other/shop/web"|`,
		"":                        `no repository ""|`,
		"example.com/nothing:1":   `no repository "example.com/nothing"|`,
		"localhost/tools/jq:none": `no tag "none" in repository "tools/jq"|`,
	} {
		_, err := Of(p, nil, image)
		if err == nil {
			t.Errorf("%q was found", image)
			continue
		}
		text, advice, _ := strings.Cut(want, "|")
		if !strings.Contains(err.Error(), text) || !strings.Contains(hint.Of(err), advice) {
			t.Errorf("%q: %v, hint %q; want %s", image, err, hint.Of(err), want)
		}
	}
}

func TestHostileText(t *testing.T) {
	p := sample.Plan(sample.Registry())
	p.Repos[1].Tags[1].Sites[0].Name = "web\x1b[31m\n\u202eevil"
	p.Repos[1].Name = "shop/\x1b]0;x\a"
	got := told(t, p, nil, p.Repos[1].Name+":42")
	if strings.ContainsAny(got, "\x1b\a\u202e") || strings.Contains(got, "\nevil") {
		t.Errorf("not harmless: %q", got)
	}
}

func TestChainsThatLoopEnd(t *testing.T) {
	p := sample.Plan(sample.Registry())
	for i := range p.Repos[1].Manifests {
		p.Repos[1].Manifests[i].From = p.Repos[1].Manifests[(i+1)%len(p.Repos[1].Manifests)].Digest
	}
	w, err := Of(p, nil, "shop/web:41")
	if err != nil || len(w.Chain) != len(p.Repos[1].Manifests) {
		t.Errorf("chain %v, error %v", w.Chain, err)
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, r := range []plan.Reason{plan.InUse, plan.Rollback, plan.HelmHistory, plan.Mentioned, plan.Protected, plan.TooYoung, plan.UnknownDate,
		plan.NoRule, plan.Unmatched, plan.Ghost, plan.Unreadable, plan.ChildOfKept, plan.ReferrerOfKept, plan.Tagged, plan.UntaggedKept,
		plan.SharedDigest, plan.NotKept, plan.ChildOfDeleted, plan.OrphanReferrer, plan.UntaggedGone, "rule", "rule:3"} {
		if Words(r) == string(r) {
			t.Errorf("no words for %q", r)
		}
	}
	if got := Words("new-reason"); got != "new-reason" {
		t.Errorf("an unknown reason is %q", got)
	}
}

// All of at most eleven places are listed: a line that says "and 1 more" could name it.
func TestNoSinglePlaceIsHidden(t *testing.T) {
	for n, want := range map[int]int{1: 1, 10: 10, 11: 11, 12: 10} {
		p := sample.Plan(sample.Registry())
		for i := range p.Repos[1].Tags {
			tag := &p.Repos[1].Tags[i]
			if tag.Name != "42" {
				continue
			}
			site := tag.Sites[0]
			tag.Sites, tag.SiteCount = nil, n
			for k := range n {
				site.Name = fmt.Sprintf("pod%02d", k)
				tag.Sites = append(tag.Sites, site)
			}
		}
		got := told(t, p, nil, "shop/web:42")
		if listed := strings.Count(got, "shop/pod"); listed != want || strings.Contains(got, "and 1 more") || strings.Contains(got, "more") != (n > want) {
			t.Errorf("%d of %d places are listed:\n%s", listed, n, got)
		}
	}
}
