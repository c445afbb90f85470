package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// maker fills a registry at random, but so that a seed gives the same content.
type maker struct {
	*rand.Rand
	server *registrytest.Server
	repo   string
	pool   [][]byte // layers to share
	made   []*registrytest.Content
	next   int
}

func (m *maker) chance(oneIn int) bool { return m.IntN(oneIn) == 0 }

// image has layers of the pool and of its own.
func (m *maker) image(platform string) registrytest.Image {
	m.next++
	i := registrytest.Image{Created: day(1 + m.IntN(300)), Platform: platform, Docker: m.chance(3), Labels: map[string]string{"n": strconv.Itoa(m.next), "repo": m.repo}}
	for range m.IntN(3) {
		i.Layers = append(i.Layers, m.pool[m.IntN(len(m.pool))])
	}
	if m.chance(2) {
		i.Layers = append(i.Layers, layer(fmt.Sprint(m.repo, " has ", m.next), 50+m.IntN(2000)))
	}
	return i
}

// builder is an image, an index, which may name images that exist, or an index of indexes.
func (m *maker) builder(depth int) registrytest.Builder {
	if m.chance(2) || depth == 2 {
		return m.image("")
	}
	index := registrytest.Index{Docker: m.chance(4) && depth == 1}
	for i := range 1 + m.IntN(3) {
		switch {
		case len(m.made) > 0 && m.chance(3) && !index.Docker:
			index.Manifests = append(index.Manifests, m.made[m.IntN(len(m.made))])
		case m.chance(4) && !index.Docker:
			index.Manifests = append(index.Manifests, m.builder(depth+1))
		default:
			child := m.image([]string{"linux/amd64", "linux/arm64", "linux/s390x"}[i])
			child.Docker = index.Docker
			index.Manifests = append(index.Manifests, child)
		}
	}
	return index
}

// fill makes images with one name, several or none, some of them signed, and moves tags.
func (m *maker) fill() {
	for i := range 4 + m.IntN(8) {
		tags := []string{strconv.Itoa(i + 1)}
		switch m.IntN(6) {
		case 0:
			tags = nil
		case 1:
			tags = append(tags, "twin-"+tags[0])
		case 2:
			tags = append(tags, strconv.Itoa(100+i))
		case 3:
			tags = append(tags, "latest") // moves: what it led to may lose its only name
		}
		c := m.server.Push(m.repo, m.builder(0), tags...)
		m.made = append(m.made, c)
		if m.chance(3) {
			m.server.Push(m.repo, registrytest.Signature(c), registrytest.AttachedTag(c, "sig"))
		}
		if m.chance(5) {
			r := m.server.Push(m.repo, registrytest.Referrer(c, "application/sbom"))
			m.server.Push(m.repo, registrytest.Referrers(r), registrytest.AttachedTag(c, ""))
		}
	}
}

// flagsAtRandom are rules that let something go.
func flagsAtRandom(r *rand.Rand) []string {
	rules := [][]string{
		{"--keep-number", fmt.Sprint(">=", 2+r.IntN(9))}, {"--keep-last", strconv.Itoa(1 + r.IntN(4)), "--sort", "created"},
		{"--keep", "latest", "--delete", "*"}, {"--keep", "twin-*", "--delete-regex", `[0-9]+`}, {"--keep-within", "10000h"},
	}
	out := append([]string{"--as-of", "2026-02-01", "--max-delete", "100%", "--allow-empty", "--no-cache"}, rules[r.IntN(len(rules))]...)
	if r.IntN(2) == 0 {
		out = append(out, "--untagged")
	}
	if r.IntN(2) == 0 {
		out = append(out, "--untag-by-overwrite")
	}
	return out
}

// TestRandomRegistries is the promise as a whole, on real servers: after a plan was
// applied and the server's own collection has run, every tag that the plan keeps can be
// pulled byte for byte, and exactly as much space is free as the plan said.
func TestRandomRegistries(t *testing.T) {
	home(t)
	registries := uint64(5) // of each version
	if text := os.Getenv("REGPRUNE_REGISTRIES"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		registries = n
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("REGPRUNE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for i := range registries {
			t.Run(strconv.FormatUint(i, 10), func(t *testing.T) {
				t.Logf("REGPRUNE_SEED=%d", seed)
				tryRandom(t, v, rand.New(rand.NewPCG(seed, i)))
			})
		}
	})
}

func tryRandom(t *testing.T, v registrytest.Version, r *rand.Rand) {
	t.Helper()
	w := start(t, v, registrytest.Options{})
	var pool [][]byte
	for i := range 2 + r.IntN(5) {
		pool = append(pool, layer(fmt.Sprint("shared ", i), 100+r.IntN(3000)))
	}
	for i := range 1 + r.IntN(3) {
		m := &maker{Rand: r, server: w.server, repo: fmt.Sprint("team/app-", i), pool: pool}
		m.fill()
		w.cluster.Put(consumer("shop", fmt.Sprint("app-", i), fmt.Sprintf("localhost:32000/team/app-%d:%d", i, 1+r.IntN(8))))
	}
	past(t, w.server.Root)
	flags := append(flagsAtRandom(r), "--allow-no-references")
	o := must(t, 0, w.args(append(flags, "-o", "json")...)...)
	p, err := plan.Parse([]byte(o.out))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, []byte(o.out), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := pull(t, w.server, p)
	before, linked := sum(w.server), links(t, w.server)
	args := []string{"apply", file, "--yes", "--allow-no-references"}
	if strings.Contains(strings.Join(flags, " "), "--untag-by-overwrite") {
		args = append(args, "--untag-by-overwrite")
	}
	must(t, 0, w.args(args...)...)
	if left := nothingElse(t, w.server, p, linked); left > 0 {
		t.Errorf("%d items are left", left)
	}
	if out, err := w.server.GarbageCollect(); err != nil {
		t.Fatal(err, out)
	}
	w.server.Restart() // for its cache
	freed := before - sum(w.server)
	if !p.Totals.Exact || freed != p.Totals.ReclaimBytes+p.Totals.GarbageBytes {
		t.Errorf("%q: %d bytes are free, the plan said %d and %d of garbage (exact: %v)", flags, freed, p.Totals.ReclaimBytes, p.Totals.GarbageBytes, p.Totals.Exact)
	}
	now := pull(t, w.server, p)
	for name, digest := range kept {
		if now[name] != digest {
			t.Errorf("%q: %s is %q and was %q", flags, name, now[name], digest)
		}
	}
}

// sum is what all blobs take.
func sum(s *registrytest.Server) (bytes int64) {
	for _, size := range s.BlobFiles() {
		bytes += size
	}
	return bytes
}

// pull gets all that the tags need which a plan keeps, by plain requests, and returns
// the digests of what came, by what was asked for.
func pull(t *testing.T, s *registrytest.Server, p *plan.Plan) map[string]string {
	t.Helper()
	got := map[string]string{}
	var manifest func(repository, ref string)
	get := func(repository, kind, ref string) *registrytest.Response {
		path := "/v2/" + repository + "/" + kind + "/" + ref
		code, resp := status(t, s, http.MethodGet, path, "Accept", strings.Join(registry.MediaTypes, ", "))
		got[path] = registry.Digest(resp.Body)
		if strings.HasPrefix(ref, "sha256:") && got[path] != ref || code != http.StatusOK {
			t.Errorf("%s: status %d, %s", path, code, got[path])
		}
		return resp
	}
	manifest = func(repository, ref string) {
		resp := get(repository, "manifests", ref)
		m := registry.Manifest{MediaType: resp.Header.Get("Content-Type"), Digest: registry.Digest(resp.Body), Body: resp.Body}
		content, err := m.Parse()
		if err != nil {
			t.Errorf("%s:%s: %v", repository, ref, err)
			return
		}
		for _, child := range content.Manifests {
			manifest(repository, child.Digest)
		}
		if content.Config != nil {
			get(repository, "blobs", content.Config.Digest)
		}
		for _, l := range content.Layers {
			get(repository, "blobs", l.Digest)
		}
	}
	for _, r := range p.Repos {
		for _, tag := range r.Tags {
			if tag.Action == plan.Keep {
				manifest(r.Name, tag.Name)
			}
		}
	}
	return got
}
