package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// worlds is how many registries and clusters the safety of plans is tried on.
const worlds = 10_000

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func (w *world) plan(tagsOwn bool) *Plan {
	return Make(Input{
		Graph: w.graph(), Rules: w, Use: w.references(), Registry: Registry{Name: "test", TagsOwn: tagsOwn},
		Limits: Limits{MaxShare: 1, MaxCount: -1}, Now: noon,
	})
}

// must are the images that have to survive, by repository: those that clusters use or
// rules keep, and, while nobody asks for untagged manifests to go, all untagged
// ones that belong to nothing.
func (w *world) must() map[string][]string {
	out := map[string][]string{}
	for name, s := range w.repos {
		for tag, digest := range s.tags {
			kept := w.verdicts[name+":"+tag] != policy.NotKept && graph.AttachedTo(tag) == ""
			if digest != "" && (kept || w.inUse[name+":"+tag]) {
				out[name] = append(out[name], digest)
			}
		}
		for digest := range s.linked {
			if w.inUseHash[digest] {
				out[name] = append(out[name], digest)
			}
		}
	}
	return out
}

// broken compares what had to survive with what is left. Signatures of what survives
// have to, too.
func (w *world) broken(must map[string][]string, before *world) []string {
	var out []string
	for name, digests := range must {
		for _, digest := range digests {
			was := before.missing(before.repos[name], digest)
			for _, lost := range w.missing(w.repos[name], digest) {
				if !slices.Contains(was, lost) {
					out = append(out, name+"@"+digest+" lacks "+lost)
				}
			}
			for _, signature := range before.signatures(name, digest) {
				if len(w.missing(w.repos[name], signature)) > len(before.missing(before.repos[name], signature)) {
					out = append(out, name+"@"+digest+" lost a signature")
				}
			}
		}
	}
	return out
}

func (w *world) signatures(name, digest string) []string {
	var out []string
	for d := range w.repos[name].linked {
		if w.docs[d].subject == digest {
			out = append(out, d)
		}
	}
	if d := w.repos[name].tags[strings.Replace(digest, ":", "-", 1)+".sig"]; d != "" {
		out = append(out, d)
	}
	return out
}

// apply does to the world what the plan says, as a server of the version would.
func (w *world) apply(p *Plan) error {
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			if t.Action != Keep && p.Registry.TagsOwn {
				delete(w.repos[r.Name].tags, t.Name)
			}
		}
		for round := 1; ; round++ {
			more := false
			for _, m := range r.Manifests {
				more = more || m.Order > round
				if m.Action == Delete && m.Order == round && !w.deleteManifest(r.Name, m.Digest) {
					return fmt.Errorf("%s@%s is gone before its turn", r.Name, m.Digest)
				}
			}
			if !more {
				break
			}
		}
	}
	return nil
}

func TestNothingKeptIsBroken(t *testing.T) {
	deleted := 0
	for seed := range uint64(worlds) {
		for version, tagsOwn := range map[int]bool{2: false, 3: true} {
			w, before := newWorld(seed), newWorld(seed)
			p := w.plan(tagsOwn)
			deleted += p.Totals.ManifestsGone
			must := before.must()
			if err := w.apply(p); err != nil {
				t.Fatalf("seed %d, version %d: %v", seed, version, err)
			}
			garbage := p.Totals.GarbageBytes
			if freed := w.collect(version, false); freed != garbage+p.Totals.ReclaimBytes || !p.Totals.Exact {
				t.Fatalf("seed %d, version %d: freed %d, the plan said %d and %d (exact %t)", seed, version, freed, garbage, p.Totals.ReclaimBytes, p.Totals.Exact)
			}
			if broken := w.broken(must, before); len(broken) > 0 {
				t.Fatalf("seed %d, version %d:\n%s", seed, version, strings.Join(broken, "\n"))
			}
			if kept := w.tagsAsPlanned(p); kept != "" {
				t.Fatalf("seed %d, version %d: %s", seed, version, kept)
			}
		}
	}
	if deleted < worlds {
		t.Errorf("only %d manifests deleted in %d registries: the test tries too little", deleted, worlds)
	}
	t.Logf("%d registries, as of distribution 2 and 3 each: %d manifests deleted, nothing that is kept broken", worlds, deleted)
}

// tagsAsPlanned compares the tags that are left with those that the plan keeps.
func (w *world) tagsAsPlanned(p *Plan) string {
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			_, there := w.repos[r.Name].tags[t.Name]
			if there != (t.Action == Keep) {
				return fmt.Sprintf("%s:%s is there: %t, but the plan says %s", r.Name, t.Name, there, t.Action)
			}
		}
	}
	return ""
}

// TestClassicScript prunes the same registries as the loop of curl and
// garbage-collect -m does that many people use: numbers below 950 go, by the digest
// that a client gets which asks for Docker's image manifests only.
func TestClassicScript(t *testing.T) {
	ruined := map[int]int{}
	for seed := range uint64(worlds) {
		for _, version := range []int{2, 3} {
			w, before := newWorld(seed), newWorld(seed)
			must := map[string][]string{} // what the script itself means to keep
			for name, s := range w.repos {
				for tag, digest := range s.tags {
					if digest == "" {
						continue
					}
					if n, err := strconv.Atoi(tag); err != nil || n >= 950 {
						must[name] = append(must[name], digest)
					}
				}
			}
			for name, s := range w.repos {
				for _, tag := range slices.Sorted(maps.Keys(s.tags)) {
					if n, err := strconv.Atoi(tag); err == nil && n < 950 {
						w.deleteManifest(name, w.oldAnswer(s.tags[tag]))
					}
				}
			}
			w.collect(version, true)
			if len(w.broken(must, before)) > 0 {
				ruined[version]++
			}
		}
	}
	for version, n := range ruined {
		if n == 0 {
			t.Errorf("version %d: the script breaks nothing, so these registries are too easy", version)
		}
		t.Logf("distribution %d: the classic script breaks images that it means to keep in %d of %d registries", version, n, worlds)
	}
}

// oldAnswer is the digest that a server tells who accepts image manifests only.
func (w *world) oldAnswer(digest string) string {
	d := w.docs[digest]
	switch {
	case d == nil:
		return ""
	case d.kind == registry.Index && !d.docker:
		return "" // not found
	case d.kind == registry.Index:
		return d.linux
	}
	return digest
}

func TestSameInputSamePlan(t *testing.T) {
	for seed := range uint64(200) {
		var texts [2][]byte
		for i := range texts {
			text, err := json.Marshal(newWorld(seed).plan(seed%2 == 0))
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = text
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Fatalf("seed %d: the plans differ", seed)
		}
	}
}
