package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// TestJSONInPieces: the pieces are the JSON that the whole would be, also of names that
// look like a part of it.
func TestJSONInPieces(t *testing.T) {
	odd := "\n  \"repositories\": []\n      \"tags\": [] <&>"
	tags := []Tag{{Name: "1", Digest: "d", Action: Keep, Reason: InUse, Rule: 3, Use: &Use{Sites: []roots.Site{{}}, SiteCount: 7}}, {Name: odd}}
	for name, p := range map[string]*Plan{
		"empty":     {Repos: []Repository{}},
		"one":       {Policy: []string{odd}, Repos: []Repository{{Name: odd, Tags: tags[:1], Manifests: []Manifest{}}}, Notes: []string{odd}},
		"no tags":   {Repos: []Repository{{Tags: []Tag{}, Manifests: []Manifest{{Digest: odd, Order: 1}}}}},
		"several":   {Repos: []Repository{{Name: "a", Tags: tags, Manifests: []Manifest{{}, {}}}, {Name: "b", Tags: []Tag{}, Manifests: []Manifest{}}, {Name: "c", Tags: tags, Manifests: []Manifest{}, Complete: true}}},
		"with ends": {Repos: []Repository{}, Guards: []Guard{{ID: odd}}, Cluster: Cluster{Contexts: []string{odd}}},
	} {
		var want, got bytes.Buffer
		whole := json.NewEncoder(&want)
		whole.SetEscapeHTML(false)
		whole.SetIndent("", "  ")
		if err := whole.Encode(p); err != nil {
			t.Fatal(err)
		}
		if err := p.JSON(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestJSONThatCannotBeWritten(t *testing.T) {
	if err := (&Plan{Repos: []Repository{}}).JSON(full{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
