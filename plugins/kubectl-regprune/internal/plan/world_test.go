package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// world is a registry as a server keeps it, and a cluster that uses it: made up at
// random, changed by the operations of a plan, and judged by rules of its own that
// share no code with what is tested.
type world struct {
	random *rand.Rand
	repos  map[string]*shelf
	docs   map[string]*doc // manifests by digest: content is the same everywhere
	blobs  map[string]bool // stored blobs, manifests among them
	sizes  map[string]int64

	inUse     map[string]bool // "repo:tag"
	inUseHash map[string]bool // digests
	verdicts  map[string]policy.Verdict
	prune     bool // untagged manifests
}

type shelf struct {
	tags   map[string]string // "" is a ghost
	linked map[string]bool
}

type doc struct {
	kind     registry.Kind
	docker   bool
	parts    []string // config and layers
	children []string
	subject  string
	linux    string // the child that a server answers with to old clients
}

func digestOf(n int) string { return fmt.Sprintf("sha256:%064x", n) }

func newWorld(seed uint64) *world {
	w := &world{
		random: rand.New(rand.NewPCG(seed, 1)), // to be repeated
		repos:  map[string]*shelf{}, docs: map[string]*doc{}, blobs: map[string]bool{}, sizes: map[string]int64{},
		inUse: map[string]bool{}, inUseHash: map[string]bool{}, verdicts: map[string]policy.Verdict{},
	}
	w.prune = w.chance(3)
	var pool []string // layers to share
	for range 2 + w.random.IntN(8) {
		pool = append(pool, w.blob())
	}
	for i := range 1 + w.random.IntN(3) {
		w.fill(fmt.Sprintf("team/app-%d", i), pool)
	}
	w.use()
	return w
}

func (w *world) chance(oneIn int) bool { return w.random.IntN(oneIn) == 0 }

func (w *world) blob() string {
	d := digestOf(len(w.sizes) + 1)
	w.sizes[d], w.blobs[d] = 1+w.random.Int64N(1000), true
	return d
}

func pick[T any](w *world, list []T) T { return list[w.random.IntN(len(list))] }

// fill makes the images of a repository, and names for them.
func (w *world) fill(name string, pool []string) {
	s := &shelf{tags: map[string]string{}, linked: map[string]bool{}}
	w.repos[name] = s
	var all []string
	put := func(d *doc) string {
		digest := w.blob()
		w.docs[digest] = d
		s.linked[digest] = true
		all = append(all, digest)
		return digest
	}
	for range 1 + w.random.IntN(6) {
		d := &doc{kind: registry.Image, docker: w.chance(2), parts: []string{w.blob(), pick(w, pool)}}
		if w.chance(2) {
			d.parts = append(d.parts, w.blob())
		}
		put(d)
	}
	for range w.random.IntN(4) { // indexes, of images and of indexes
		d := &doc{kind: registry.Index, docker: w.chance(2)}
		for range 1 + w.random.IntN(3) {
			d.children = append(d.children, pick(w, all))
		}
		d.linux = d.children[0]
		put(d)
	}
	for range w.random.IntN(3) { // signatures: by subject or by name
		subject := pick(w, all)
		d := &doc{kind: registry.Image, parts: []string{w.blob(), w.blob()}}
		if w.chance(2) {
			d.subject = subject
			put(d)
			continue
		}
		s.tags[strings.Replace(subject, ":", "-", 1)+".sig"] = put(d)
	}
	for i := range 1 + w.random.IntN(6) { // names; twins come by themselves
		tag := fmt.Sprint(945 + i)
		if w.chance(4) {
			tag = pick(w, []string{"latest", "prod", "v1.2.3"})
		}
		s.tags[tag] = pick(w, all)
		if w.chance(12) {
			s.tags[tag] = ""
		}
	}
	if len(w.repos) > 1 && w.chance(2) { // the same image elsewhere
		other := w.repos["team/app-0"]
		for _, digest := range slices.Sorted(maps.Keys(s.linked)) {
			if d := w.docs[digest]; d.kind == registry.Image && d.subject == "" {
				other.linked[digest] = true
				other.tags["copy"] = digest
				break
			}
		}
	}
}

// use lets a cluster run some of it and a policy like some of it.
func (w *world) use() {
	for _, name := range slices.Sorted(maps.Keys(w.repos)) {
		s := w.repos[name]
		for _, tag := range slices.Sorted(maps.Keys(s.tags)) {
			w.verdicts[name+":"+tag] = pick(w, []policy.Verdict{policy.Kept, policy.NotKept, policy.NotKept, policy.Unmatched})
			if w.chance(6) {
				w.inUse[name+":"+tag] = true
			}
		}
		for _, digest := range slices.Sorted(maps.Keys(s.linked)) {
			if w.chance(12) {
				w.inUseHash[digest] = true
			}
		}
	}
}

// graph is what the inventory would find.
func (w *world) graph() *graph.Registry {
	g := &graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}, Stored: map[string]int64{}}
	for d := range w.blobs {
		g.Stored[d] = w.sizes[d]
	}
	part := func(d string) *graph.Blob {
		if g.Blobs[d] == nil {
			g.Blobs[d] = &graph.Blob{Digest: d, Size: w.sizes[d]}
		}
		return g.Blobs[d]
	}
	for digest, d := range w.docs {
		m := &graph.Manifest{Digest: digest, Size: w.sizes[digest], Kind: d.kind, Children: d.children, Subject: d.subject}
		if len(d.parts) > 0 {
			m.Config = part(d.parts[0])
			for _, l := range d.parts[1:] {
				m.Layers = append(m.Layers, part(l))
			}
		}
		g.Manifests[digest] = m
	}
	for _, name := range slices.Sorted(maps.Keys(w.repos)) {
		s := w.repos[name]
		r := &graph.Repository{Name: name, Linked: slices.Sorted(maps.Keys(s.linked)), Complete: true, Pushed: map[string]time.Time{}}
		for _, tag := range slices.Sorted(maps.Keys(s.tags)) {
			r.Tags = append(r.Tags, graph.Tag{Name: tag, Digest: s.tags[tag]})
		}
		for d := range s.linked {
			r.Pushed[d] = time.Unix(1_600_000_000, 0)
		}
		g.Repositories = append(g.Repositories, r)
	}
	return g
}

func (w *world) references() References {
	site := []roots.Site{{Kind: "Pod", Name: "p", Field: "spec.containers[app].image", Why: roots.InUse}}
	refs := References{Tags: map[string]map[string][]roots.Site{}, Digests: map[string][]roots.Site{}}
	for at := range w.inUse {
		name, tag, _ := strings.Cut(at, ":")
		if refs.Tags[name] == nil {
			refs.Tags[name] = map[string][]roots.Site{}
		}
		refs.Tags[name][tag] = site
	}
	for digest := range w.inUseHash {
		refs.Digests[digest] = site
	}
	return refs
}

// taste is the world's policy for one repository.
type taste struct {
	*world
	repository string
}

func (w *world) Entry(repository string) Entry { return taste{w, repository} }
func (w *world) Words() []string               { return []string{"as it comes"} }

func (t taste) Evaluate(images []policy.Image, _ map[string]bool, _ time.Time) map[string]policy.Decision {
	out := map[string]policy.Decision{}
	for _, image := range images {
		for _, tag := range image.Tags {
			out[tag] = policy.Decision{Verdict: t.verdicts[t.repository+":"+tag], Rule: 1}
		}
	}
	return out
}

func (t taste) Untags() bool { return t.prune }

func (t taste) Untagged(time.Time, time.Time, time.Time) policy.Decision {
	return policy.Decision{Verdict: policy.NotKept, Rule: 1}
}

// missing are the parts of an image that a pull would not get, by a walk of its own.
func (w *world) missing(s *shelf, digest string) []string {
	if !s.linked[digest] || !w.blobs[digest] {
		return []string{"manifest " + digest}
	}
	var out []string
	for _, part := range w.docs[digest].parts {
		if !w.blobs[part] {
			out = append(out, "blob "+part)
		}
	}
	for _, child := range w.docs[digest].children {
		out = append(out, w.missing(s, child)...)
	}
	return out
}

// deleteManifest is DELETE of a digest: the link goes, and every tag that leads there.
func (w *world) deleteManifest(name, digest string) bool {
	s := w.repos[name]
	if !s.linked[digest] {
		return false
	}
	delete(s.linked, digest)
	for tag, to := range s.tags {
		if to == digest {
			delete(s.tags, tag)
		}
	}
	return true
}

// collect is garbage-collect, with -m if untagged is set. Version 2 then deletes the
// children of tagged indexes, too.
func (w *world) collect(version int, untagged bool) (freed int64) {
	if untagged {
		for _, s := range w.repos {
			for digest := range s.linked {
				if !w.tagged(s, digest) && (version == 2 || !w.childOfTagged(s, digest)) {
					delete(s.linked, digest)
				}
			}
		}
	}
	marked := map[string]bool{}
	for _, s := range w.repos {
		for digest := range s.linked {
			marked[digest] = true
			for _, d := range slices.Concat(w.docs[digest].parts, w.docs[digest].children) {
				marked[d] = true
			}
		}
	}
	for d := range w.blobs {
		if !marked[d] {
			freed += w.sizes[d]
			delete(w.blobs, d)
		}
	}
	return freed
}

func (w *world) tagged(s *shelf, digest string) bool {
	for _, to := range s.tags {
		if to == digest {
			return true
		}
	}
	return false
}

func (w *world) childOfTagged(s *shelf, digest string) bool {
	for d := range s.linked {
		if slices.Contains(w.docs[d].children, digest) && (w.tagged(s, d) || w.childOfTagged(s, d)) {
			return true
		}
	}
	return false
}
