package htmlview_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport/browsertest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

const hostile = "</script><script>alert(1)</script><!--\"'&\x00\x1b\u202e"

// pages are the pages of a registry with hostile names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	g := sample.Registry()
	g.Repositories[3].Name += hostile
	g.Repositories[3].Tags[0].Name += hostile
	p := sample.Plan(g)
	p.Repos[3].Name = g.Repositories[3].Name
	p.Repos[3].Tags[0].Name = g.Repositories[3].Tags[0].Name
	p.Notes = append(p.Notes, hostile)
	p.Guards = []plan.Guard{{ID: "max-delete", Text: "3 of 11 tags would go (28%), more than the 20% allowed", Overrule: "--max-delete 28%"}}
	p.Cluster.Missing = []string{"cronjobs.batch"}
	files := map[string]string{}
	write := func(name string, write func(b *bytes.Buffer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		files[name] = filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(files[name], b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("usage", func(b *bytes.Buffer) error {
		return htmlview.Usage(b, usage.Of(g, "svc/registry/registry:5000"), sample.Now)
	})
	write("plan", func(b *bytes.Buffer) error { return htmlview.Plan(b, p, usage.WithPlan(g, "x", p.Removed())) })
	write("plan-file", func(b *bytes.Buffer) error { return htmlview.Plan(b, p, nil) })
	large, decided := large()
	write("large", func(b *bytes.Buffer) error {
		return htmlview.Plan(b, decided, usage.WithPlan(large.Registry, "x", decided.Removed()))
	})
	return files
}

// large has more than a page shows.
func large() (sample.Builder, *plan.Plan) {
	b, p := sample.NewBuilder(), &plan.Plan{Registry: plan.Registry{Name: "large"}}
	for i := range 155 {
		name := fmt.Sprintf("team%d/%s", i%7, strings.Repeat("app", i%9+1)+fmt.Sprint(i))
		tags := map[string]string{}
		r := plan.Repository{Name: name, Complete: true}
		for k := range max(3, 45-i) {
			image := fmt.Sprintf("%s %d", name, k)
			m := b.Image(image, time.Hour, map[string]int64{"base": 30 << 20, "of " + name: 7 << 20, image: int64(i+1) << 16})
			action := plan.Keep
			if k%3 == 0 && i%2 == 0 {
				action = plan.Delete
			}
			tags[fmt.Sprintf("v%02d", k)] = m.Digest
			r.Tags = append(r.Tags, plan.Tag{Name: fmt.Sprintf("v%02d", k), Digest: m.Digest, Action: action, Reason: plan.NotKept})
			r.Manifests = append(r.Manifests, plan.Manifest{Digest: m.Digest, Action: action})
		}
		repository := b.Repository(name, tags)
		for _, m := range r.Manifests {
			repository.Linked = append(repository.Linked, m.Digest)
		}
		p.Repos = append(p.Repos, r)
	}
	return b, p
}

func TestInABrowser(t *testing.T) {
	b := browsertest.Start(t)
	dir := os.Getenv("HTMLVIEW_SHOTS")
	for name, file := range pages(t) {
		is := func(what, script, want string) {
			t.Helper()
			if got := b.Eval(script); got != want {
				t.Errorf("%s: %s: %s is %s, want %s", name, what, script, got, want)
			}
		}
		for _, width := range []int{400, 1280} {
			b.Open(file, width)
			is("nothing scrolls sideways", "document.documentElement.scrollWidth <= innerWidth", "true")
			is("areas are in proportion", `(() => {
				const nodes = JSON.parse(document.getElementById('data').textContent).nodes, map = document.getElementById('map');
				const tiles = [...map.children];
				return tiles.length > 2 && tiles.every(e => Math.abs(parseFloat(e.style.width) * parseFloat(e.style.height) /
					(map.clientWidth * map.clientHeight) / (nodes[e.dataset.node].v[0] / nodes[0].v[0]) - 1) < .01);
			})()`, "true")
			is("text stands out, in the light", browsertest.Contrast, "[]")
			if dir != "" {
				b.Shot(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)))
			}
			is("dark", "(document.documentElement.dataset.theme = 'dark', getComputedStyle(document.body).backgroundColor)", "rgb(20, 24, 30)")
			is("text stands out, in the dark", browsertest.Contrast, "[]")
			if dir != "" {
				b.Shot(filepath.Join(dir, fmt.Sprintf("%s-%d-dark.png", name, width)))
			}
		}
		is("a row zooms", "(document.querySelector('tr[data-node]').click(), document.getElementById('crumbs').children.length)", "2")
	}
	for _, e := range b.Events {
		if !strings.Contains(e, `"url":"file://`) || !strings.HasPrefix(e, "Network.") {
			t.Errorf("a page is not quiet: %.300s", e)
		}
	}
	if len(b.Events) < 8 {
		t.Errorf("only %d loads of 8 were seen", len(b.Events))
	}
}

func TestPlansAreColoured(t *testing.T) {
	b := browsertest.Start(t)
	b.Open(pages(t)["plan"], 1280)
	for script, want := range map[string]string{
		"document.querySelectorAll('#tools select')[1].selectedOptions[0].textContent":           "Colour: share that goes",
		"document.querySelectorAll('#map .tile.inner.marked').length":                            "3", // v1.8, 41 and the untagged one
		"[...document.querySelectorAll('.fall tr')].map(e => e.cells[0].firstChild.data).join()": "Stored now,Garbage,This plan,Left",
		`(() => { const rows = [...document.querySelectorAll('.fall rect')].map(e => [+e.getAttribute('x'), +e.getAttribute('width')]);
			return rows[0][1] > 995 && Math.abs(rows[1][0] + rows[1][1] - 1000) < 3 && Math.abs(rows[2][0] + rows[2][1] - rows[1][0]) < 3 && rows[3][0] < 1; })()`: "true",
		"document.querySelector('#map [data-node]').getAttribute('aria-label').includes('share that goes')": "true",
	} {
		if got := b.Eval(script); got != want {
			t.Errorf("%s is %s, want %s", script, got, want)
		}
	}
}
