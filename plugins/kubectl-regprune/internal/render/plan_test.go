package render_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
)

func planned(t *testing.T, format string, p *plan.Plan, o render.PlanOptions) string {
	t.Helper()
	var b strings.Builder
	if err := render.Plan(&b, format, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// refused has all that can be wrong with a plan.
func refused() (*plan.Plan, *graph.Registry) {
	g := sample.Registry()
	g.Stored = nil
	g.Repositories[1].Complete = false
	p := sample.Plan(g)
	p.Cluster.Missing = []string{"cronjobs.batch"}
	p.Cluster.Contexts = []string{"prod", "stage"}
	p.Totals.UntaggedKept, p.Totals.UntaggedBytes = 1, 66<<20
	p.Guards = []plan.Guard{
		{ID: "max-delete", Text: "3 of 11 tags would go (28%), more than the 20% allowed", Overrule: "--max-delete 28%"},
		{ID: "empty-repository", Text: "1 repository would have no tags left: tools/jq", Overrule: "--allow-empty"},
	}
	return p, g
}

func TestPlanFormats(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	for _, format := range []string{render.Table, render.Wide, render.JSON, render.YAML, render.Markdown, render.Name} {
		sample.Golden(t, "plan."+format+".txt", planned(t, format, p, render.PlanOptions{Graph: g}))
	}
	sample.Golden(t, "plan.tags.txt", planned(t, render.Table, p, render.PlanOptions{Graph: g, Tags: true, Width: 100}))
	sample.Golden(t, "plan.file.txt", planned(t, render.Table, p, render.PlanOptions{}))
	p, g = refused()
	sample.Golden(t, "plan.refused.txt", planned(t, render.Table, p, render.PlanOptions{Graph: g}))
	sample.Golden(t, "plan.refused.md", planned(t, render.Markdown, p, render.PlanOptions{Graph: g}))
}

func TestPlanWithoutDeletions(t *testing.T) {
	p := &plan.Plan{Cluster: plan.Cluster{Skipped: true}, Totals: plan.Totals{Tags: 1, Manifests: 1, Exact: true, GarbageBytes: -1}, Repos: []plan.Repository{
		{Name: "a", Complete: true, Tags: []plan.Tag{{Name: "1", Action: plan.Keep, Reason: plan.NoRule}}, Manifests: []plan.Manifest{{Action: plan.Keep}}}}}
	got := planned(t, render.Table, p, render.PlanOptions{})
	for _, want := range []string{"nothing of 1 tag and 1 manifest", "no cluster was asked", "how much is garbage already", "Keeps      1 tag: 1 no-rule"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "0 B") {
		t.Errorf("something unknown is 0:\n%s", got)
	}
	if got := planned(t, render.Name, p, render.PlanOptions{}); got != "" {
		t.Errorf("names of nothing: %q", got)
	}
}

func TestPlanFitsTheTerminal(t *testing.T) {
	g := sample.Registry()
	g.Repositories[0].Name = strings.Repeat("very-long-team-name/", 4) + "api"
	p := sample.Plan(g)
	p.Repos[0].Name = g.Repositories[0].Name
	for _, width := range []int{60, 80, 120} {
		text := planned(t, render.Table, p, render.PlanOptions{Graph: g, Width: width, Tags: true})
		tables, _, _ := strings.Cut(text, "\nRegistry")
		for line := range strings.Lines(tables) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("at %d columns a line has %d: %s", width, n, line)
			}
		}
	}
}

func TestManyQuietRepositoriesAreOneRow(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	for i := range 30 {
		p.Repos = append(p.Repos, plan.Repository{Name: fmt.Sprintf("quiet%02d", i), Complete: true, Tags: []plan.Tag{{Name: "1", Action: plan.Keep, Reason: plan.NoRule}}})
	}
	got := planned(t, render.Table, p, render.PlanOptions{Graph: g})
	if strings.Contains(got, "quiet") || !strings.Contains(got, "(31 that lose nothing)    30") {
		t.Error(got)
	}
	if got := planned(t, render.Wide, p, render.PlanOptions{Graph: g}); !strings.Contains(got, "quiet29") {
		t.Error("wide leaves something out")
	}
}

func TestHostileNames(t *testing.T) {
	const evil = "x\x1b[31m\x07\u202e\nINJECTED | <script>alert(1)</script> `rm` [a](b)"
	g := sample.Registry()
	g.Repositories[0].Name = evil
	p := sample.Plan(g)
	p.Repos[0].Name, p.Registry.Name, p.Policy[0] = evil, evil, evil
	p.Repos[0].Tags[0].Name, p.Notes[0] = evil, evil
	p.Repos[0].Tags[4].Use = p.Repos[0].Tags[3].Use
	p.Repos[0].Tags[3].Reason = evil
	p.Guards = []plan.Guard{{ID: evil, Text: evil, Overrule: evil}}
	p.Cluster.Contexts, p.Cluster.Missing, p.Decided = []string{evil}, []string{evil}, evil
	for _, format := range []string{render.Table, render.Wide, render.Markdown, render.Name} {
		got := planned(t, format, p, render.PlanOptions{Graph: g})
		if strings.ContainsAny(got, "\x1b\a\u202e") || strings.Contains(got, "\nINJECTED") {
			t.Errorf("%s is not harmless: %q", format, got)
		}
		if format == render.Markdown && (strings.Contains(got, "<script") || strings.Contains(got, "[a](b)")) {
			t.Errorf("markup in %s", got)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	err := render.Plan(&strings.Builder{}, "xml", &plan.Plan{}, render.PlanOptions{})
	if err == nil || !strings.Contains(hint.Of(err), "markdown") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

// TestManyTags is the most that a person would print.
func TestManyTags(t *testing.T) {
	p := &plan.Plan{}
	b := sample.NewBuilder()
	for i := range 40 {
		name := fmt.Sprintf("team/app%03d", i)
		r := plan.Repository{Name: name, Complete: true}
		linked := &graph.Repository{Name: name, Complete: true}
		for k := range 500 {
			m := b.Image(fmt.Sprintf("%s %d", name, k), time.Hour, map[string]int64{"base": 30 << 20, fmt.Sprintf("%s %d layer", name, k): 1 << 20})
			tag := fmt.Sprintf("v%03d", k)
			linked.Linked = append(linked.Linked, m.Digest)
			linked.Tags = append(linked.Tags, graph.Tag{Name: tag, Digest: m.Digest})
			r.Tags = append(r.Tags, plan.Tag{Name: tag, Digest: m.Digest, Action: plan.Delete, Reason: plan.NotKept})
			r.Manifests = append(r.Manifests, plan.Manifest{Digest: m.Digest, Action: plan.Delete, Reason: plan.NotKept})
		}
		b.Repositories = append(b.Repositories, linked)
		p.Repos = append(p.Repos, r)
	}
	for _, format := range []string{render.Wide, render.Markdown, render.HTML} {
		start := time.Now()
		got := planned(t, format, p, render.PlanOptions{Graph: b.Registry})
		took := time.Since(start)
		t.Logf("20000 tags as %s: %v, %d KiB", format, took.Round(time.Millisecond), len(got)>>10)
		if took > 50*time.Second { // seconds at most, where nothing else runs
			t.Errorf("%s took %v", format, took)
		}
		if limit := 64 << 10; format == render.Markdown && len(got) > limit {
			t.Errorf("markdown has %d bytes, more than an issue holds", len(got))
		}
		if limit := 2 << 20; format == render.HTML && len(got) > limit {
			t.Errorf("html has %d bytes", len(got))
		}
	}
}

func TestOldPlansSayHowOld(t *testing.T) {
	p := sample.Plan(sample.Registry())
	p.Registry.Context = "testbed"
	for after, want := range map[time.Duration]string{
		time.Hour:          "distribution 2.8.3, context testbed\nDeletes ",
		5 * 24 * time.Hour: "Decided    2026-05-01T10:00:00Z, 5d ago\nDeletes ",
	} {
		if got := planned(t, render.Table, p, render.PlanOptions{Now: sample.Now.Add(after)}); !strings.Contains(got, want) {
			t.Errorf("after %v %q is missing in\n%s", after, want, got)
		}
	}
	p.Registry.Server = "distribution/unknown"
	if got := planned(t, render.Table, p, render.PlanOptions{}); !strings.Contains(got, "distribution of an unknown version") {
		t.Error(got)
	}
}

// However many there are: who deletes wants to see why.
func TestAllRulesAreTold(t *testing.T) {
	p := sample.Plan(sample.Registry())
	for i := range 20 {
		p.Policy = append(p.Policy, fmt.Sprintf("in team%d: keep all tags", i))
	}
	if got := planned(t, render.Table, p, render.PlanOptions{}); !strings.Contains(got, " 22: in team19: keep all tags\n") {
		t.Error(got)
	}
}
