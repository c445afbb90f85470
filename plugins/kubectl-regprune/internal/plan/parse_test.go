package plan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// text is a plan's file, as JSON or as YAML.
func text(t *testing.T, p *Plan, asYAML bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if !asYAML {
		return b.Bytes()
	}
	out, err := yaml.JSONToYAML(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPlanFiles: a plan that nobody has edited is read as it was made, with guards that
// were overruled then. Of an edited one, totals and guards are not believed.
func TestPlanFiles(t *testing.T) {
	shelf := "a b c d e 1=a 2=b 3=c keep=d"
	for _, asYAML := range []bool{false, true} {
		for _, limits := range []Limits{{MaxShare: 1, MaxCount: -1}, {MaxShare: 0.1, MaxCount: -1}} {
			made := Make(Input{Graph: shelfOf(t, shelf), Rules: rules{untagged: true}, Now: noon, Registry: Registry{TagsOwn: true}, Limits: limits, Cluster: Cluster{Matched: 1}})
			if made.Totals.TagsDeleted != 3 || made.Totals.ManifestsGone != 4 || len(made.Guards) == 0 != (limits.MaxShare == 1) {
				t.Fatalf("this shows nothing: %+v, %+v", made.Totals, made.Guards)
			}
			got, err := Parse(text(t, made, asYAML))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asRead(t, made), got); diff != "" {
				t.Errorf("a plan that was not edited: %s", diff)
			}
		}
	}
}

func TestEditedPlan(t *testing.T) {
	edit := func(p *Plan) {
		for i := range p.Repos[0].Tags {
			p.Repos[0].Tags[i].Action = Delete
		}
		for i := range p.Repos[0].Manifests {
			p.Repos[0].Manifests[i].Action = Delete
		}
	}
	for name, tc := range map[string]struct {
		shelf string
		edit  func(*Plan)
		tags  int
		gone  int
		guard []string
	}{
		"all of it":         {"a b c 1=a 2=b 3=c", edit, 3, 3, []string{GuardMaxDelete, GuardEmpty}},
		"with other totals": {"a b c 1=a 2=b 3=c", func(p *Plan) { edit(p); p.Totals.TagsDeleted = 1 }, 3, 3, []string{GuardMaxDelete, GuardEmpty}},
		"one tag":           {"a b c 1=a 2=b 3=c", func(p *Plan) { p.Repos[0].Tags[0].Action = Untag }, 1, 0, nil},
		"manifests of tags": {"a b c 1=a 2=b 3=c", func(p *Plan) { edit(p); p.Repos[0].Tags = nil }, 0, 3, []string{GuardMaxDelete}},
		"untagged ones":     {"a b c d 1=a", func(p *Plan) { edit(p); p.Repos[0].Tags[0].Action, p.Repos[0].Manifests[0].Action = Keep, Keep }, 0, 3, []string{GuardMaxDelete}},
	} {
		p := Make(Input{Graph: shelfOf(t, tc.shelf), Rules: KeepAll, Now: noon, Registry: Registry{TagsOwn: true}, Cluster: Cluster{Matched: 1}})
		if p.Totals.TagsDeleted+p.Totals.ManifestsGone+len(p.Guards) > 0 || !p.Totals.Exact {
			t.Fatalf("%s: %+v", name, p.Totals)
		}
		tc.edit(p)
		got, err := Parse(text(t, p, false))
		if err != nil {
			t.Fatal(err)
		}
		if got.Totals.TagsDeleted != tc.tags || got.Totals.ManifestsGone != tc.gone || got.Totals.Exact {
			t.Errorf("%s: %+v", name, got.Totals)
		}
		var guards []string
		for _, g := range got.Guards {
			guards = append(guards, g.ID)
		}
		if diff := cmp.Diff(tc.guard, guards); diff != "" {
			t.Errorf("%s: guards %s", name, diff)
		}
		if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "edited") {
			t.Errorf("%s: notes %q", name, got.Notes)
		}
	}
}

// asRead is p as its file has it.
func asRead(t *testing.T, p *Plan) *Plan {
	t.Helper()
	out := &Plan{}
	if err := json.Unmarshal(text(t, p, false), out); err != nil {
		t.Fatal(err)
	}
	return out
}
