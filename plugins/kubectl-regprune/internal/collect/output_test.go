package collect

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// The files of testdata are what the programs printed about one registry: without -m,
// with -m, and when they did it. With -m, version 2 takes the children of an index.
func TestOutput(t *testing.T) {
	for name, want := range map[string]struct{ marked, blobs, links, manifests int }{
		"dry-2.8.2":   {14, 3, 0, 0},
		"real-2.8.2":  {14, 3, 0, 0},
		"dry-m-2.8.2": {10, 7, 0, 2},
		"dry-3.1.2":   {14, 3, 2, 0},
		"real-3.1.2":  {14, 3, 2, 0},
		"dry-m-3.1.2": {14, 3, 2, 0},
	} {
		text, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		o := parse(t, string(text))
		if err := o.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if o.marked != want.marked || len(o.Blobs) != want.blobs || len(o.Links) != want.links || len(o.Manifests) != want.manifests {
			t.Errorf("%s: %+v", name, o)
		}
		if o.Repository != "team/multi" || !strings.HasPrefix(o.Manifest, "sha256:") {
			t.Errorf("%s ends in %q at %q", name, o.Repository, o.Manifest)
		}
		// Whatever line is missing is noticed.
		for i, line := range strings.SplitAfter(string(text), "\n") {
			if strings.Contains(line, "blob eligible") || strings.Contains(line, "blobs marked") {
				rest := strings.Replace(string(text), line, "", 1)
				if parse(t, rest).check() == nil {
					t.Errorf("%s: line %d can be left out", name, i+1)
				}
			}
		}
	}
}

func parse(t *testing.T, text string) *Output {
	t.Helper()
	o := &Output{}
	w := &disk.LineWriter{Line: o.line}
	if _, err := w.Write([]byte(text)); err != nil || w.Partial() {
		t.Fatal(err)
	}
	return o
}

func TestFirewallOnChildrenOfAnIndex(t *testing.T) {
	text, err := os.ReadFile("testdata/dry-m-2.8.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	const layer = "sha256:34fd5313ba2d4e5e7eae3ac9dd8122047e9e8b6da8c78be791ae6021164ae28c"
	o := parse(t, string(text))
	if err := firewall(o, Reachable{layer: {"team/multi"}}); err == nil || !strings.Contains(err.Error(), layer+" of team/multi") {
		t.Error(err)
	}
	if err := firewall(o, Reachable{"sha256:1": nil}); err != nil {
		t.Error(err)
	}
	if firewall(o, nil) == nil {
		t.Error("a registry of which nothing is known is all garbage")
	}
	links := &Output{Links: []Link{{"a", layer}}}
	if firewall(links, Reachable{layer: {"b"}}) != nil || firewall(links, Reachable{layer: {"b", "a"}}) == nil {
		t.Error("the link of a layer counts in its own repository only")
	}
}
