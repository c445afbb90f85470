package policy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// fixture is a policy with repositories, and what it decides about them.
type fixture struct {
	Policy string
	Words  []string
	Cases  []struct {
		Repository string
		Images     []fixtureImage
		Expect     map[string]string // by tag: the verdict, with the rule's number if one keeps it
	}
}

type fixtureImage struct {
	Tags            []string
	Pushed, Created time.Time
	InUse           bool `yaml:"inUse"`
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func readFixtures(t testing.TB) map[string]fixture {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	all := map[string]fixture{}
	for _, file := range files {
		data, err := os.ReadFile(file) // of this package
		if err != nil {
			t.Fatal(err)
		}
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		var f fixture
		if err := d.Decode(&f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = f
	}
	return all
}

// decided are decisions in the words of fixtures; the rule's number is told where a
// rule keeps.
func decided(p *Policy, repository string, images []Image, inUse map[string]bool) map[string]string {
	got := map[string]string{}
	e, _ := p.For(repository)
	for tag, d := range e.Evaluate(images, inUse, noon) {
		got[tag] = string(d.Verdict)
		if d.Verdict == Kept {
			got[tag] = fmt.Sprintf("%s:%d", d.Verdict, d.Rule)
		}
	}
	return got
}

func TestFixtures(t *testing.T) {
	for name, f := range readFixtures(t) {
		t.Run(name, func(t *testing.T) {
			p, err := Parse([]byte(f.Policy))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.Words, p.Words()); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			for _, c := range f.Cases {
				inUse := map[string]bool{}
				var images []Image
				for i, image := range c.Images {
					digest := fmt.Sprintf("sha256:%064x", i)
					images = append(images, Image{Digest: digest, Tags: image.Tags, Pushed: image.Pushed, Created: image.Created})
					inUse[digest] = image.InUse
				}
				if diff := cmp.Diff(c.Expect, decided(p, c.Repository, images, inUse)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.Repository, diff)
				}
			}
		})
	}
}
