package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// world is a registry's content, of which tags that begin with "old" are to go.
type world struct {
	repos map[string]*graph.Repository
	graph graph.Registry
	write func(repo string, c *registrytest.Content, tags ...string)
}

func newWorld(write func(repo string, c *registrytest.Content, tags ...string)) *world {
	return &world{repos: map[string]*graph.Repository{}, graph: graph.Registry{Manifests: map[string]*graph.Manifest{}}, write: write}
}

// pushed is a world that is pushed to a server.
func pushed(s *registrytest.Server) *world {
	return newWorld(func(repo string, c *registrytest.Content, tags ...string) { s.Push(repo, c, tags...) })
}

func (w *world) add(repo string, b registrytest.Builder, tags ...string) *registrytest.Content {
	c := b.Build()
	w.write(repo, c, tags...)
	w.learn(repo, c)
	r := w.repos[repo]
	for _, tag := range tags {
		r.Tags = append(r.Tags, graph.Tag{Name: tag, Digest: c.Digest})
	}
	return c
}

func (w *world) learn(repo string, c *registrytest.Content) {
	r := w.repos[repo]
	if r == nil {
		r = &graph.Repository{Name: repo, Complete: true}
		w.repos[repo] = r
	}
	if !slices.Contains(r.Linked, c.Digest) {
		r.Linked = append(r.Linked, c.Digest)
	}
	m := &graph.Manifest{Digest: c.Digest, MediaType: c.MediaType, Size: int64(len(c.Body))}
	if content, err := c.Parse(); err == nil && content.Subject != nil {
		m.Subject = content.Subject.Digest
	}
	for _, child := range c.Children {
		m.Children = append(m.Children, child.Digest)
		w.learn(repo, child)
	}
	w.graph.Manifests[c.Digest] = m
}

// rules let go what begins with "old", and do not know names of attachments.
type rules struct{}

func (rules) Entry(string) plan.Entry { return rules{} }
func (rules) Words() []string         { return []string{"what is old goes"} }
func (rules) Untags() bool            { return false }
func (rules) Untagged(_, _, _ time.Time) policy.Decision {
	return policy.Decision{Verdict: policy.NotKept}
}

func (rules) Evaluate(images []policy.Image, _ map[string]bool, _ time.Time) map[string]policy.Decision {
	out := map[string]policy.Decision{}
	for _, i := range images {
		for _, tag := range i.Tags {
			out[tag] = policy.Decision{Verdict: policy.Kept, Rule: 1}
			if strings.HasPrefix(tag, "old") || graph.AttachedTo(tag) != "" {
				out[tag] = policy.Decision{Verdict: policy.NotKept}
			}
		}
	}
	return out
}

func (w *world) plan(v registrytest.Version) *plan.Plan {
	w.graph.Repositories = nil
	for _, name := range slices.Sorted(maps.Keys(w.repos)) {
		r := w.repos[name]
		slices.SortFunc(r.Tags, func(a, b graph.Tag) int { return strings.Compare(a.Name, b.Name) })
		slices.Sort(r.Linked)
		w.graph.Repositories = append(w.graph.Repositories, r)
	}
	return plan.Make(plan.Input{
		Graph: &w.graph, Rules: rules{}, Overwrite: true, Now: time.Unix(0, 0),
		Registry: plan.Registry{Name: "test", Server: "distribution/" + string(v), TagsOwn: v == registrytest.V3},
	})
}

// mixed has one of everything.
type mixed struct {
	*world
	server                         *registrytest.Server
	kept, doomed, shared, signed   *registrytest.Content
	index, keptIndex, nested, both *registrytest.Content
}

func newMixed(w *world, s *registrytest.Server) *mixed {
	m := &mixed{world: w, server: s}
	m.kept, m.doomed, m.signed = image("kept"), image("doomed"), image("signed")
	m.shared, m.both = image("shared"), image("both")
	w.add("app", m.kept, "1.0")
	w.add("app", registrytest.Signature(m.kept), registrytest.AttachedTag(m.kept, "sig"))
	w.add("app", m.doomed, "old1", "old1-twin")
	w.add("app", m.both, "2.0", "old2")
	w.add("app", m.signed, "old-signed")
	w.add("app", registrytest.Signature(m.signed), registrytest.AttachedTag(m.signed, "sig"))
	w.add("app", registrytest.Referrer(m.signed, "application/spdx+json"))
	m.index = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd64"), m.shared}}, "old-index")
	m.keptIndex = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd64 too"), m.shared}}, "3.0")
	inner := registrytest.Index{Docker: true, Manifests: []registrytest.Builder{
		registrytest.Image{Docker: true, Labels: map[string]string{"name": "inner"}},
	}}
	m.nested = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{inner, image("outer")}}, "old-nested")
	w.add("lib/other", m.doomed, "old1")
	w.add("lib/other", m.kept, "1.0")
	w.add("untouched", m.doomed, "1.0")
	return m
}

func image(text string) *registrytest.Content {
	return registrytest.Image{
		Labels: map[string]string{"name": text},
		Layers: [][]byte{registrytest.Layer("shared by all", 1000), registrytest.Layer(text, 500)},
	}.Build()
}

func encode(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	raw, err := encodePlan(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func encodePlan(p *plan.Plan) ([]byte, error) { return json.Marshal(p) }

func save(t *testing.T, from backup.Source, p *plan.Plan) *backup.Backup {
	t.Helper()
	b, err := backup.Write(t.Context(), from, encode(t, p), filepath.Join(t.TempDir(), "run"), backup.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run lists tags before each manifest, so that what tests do in between is seen.
func run(t *testing.T, client apply.Client, b *backup.Backup, opts apply.Options) *apply.Result {
	t.Helper()
	if opts.ListedFor == 0 {
		opts.ListedFor = time.Nanosecond
	}
	r, err := apply.Run(t.Context(), client, b, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// links are the tags and manifests that the server's storage has, as
// REPOSITORY:TAG=DIGEST and REPOSITORY@DIGEST.
func links(t *testing.T, s *registrytest.Server) []string {
	t.Helper()
	var list []string
	root := s.Folder("repositories")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted while we look
		}
		if err != nil || d.Name() != "link" {
			return err
		}
		repo, rest, found := strings.Cut(strings.TrimPrefix(path, root+"/"), "/_manifests/")
		digest, err := os.ReadFile(path)
		if !found || err != nil {
			return err
		}
		parts := strings.Split(rest, "/")
		switch {
		case parts[0] == "revisions":
			list = append(list, repo+"@"+string(digest))
		case parts[2] == "current":
			list = append(list, repo+":"+parts[1]+"="+string(digest))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// expected is what a complete run of p leaves of before.
func expected(p *plan.Plan, before []string) []string {
	gone := map[string]bool{}
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			if t.Action != plan.Keep {
				gone[r.Name+":"+t.Name+"="+t.Digest] = true
			}
		}
		for _, m := range r.Manifests {
			if m.Action == plan.Delete {
				gone[r.Name+"@"+m.Digest] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(before), func(s string) bool { return gone[s] })
}

// resume goes on with the run in the folder dir.
func resume(ctx context.Context, client apply.Client, dir string, o apply.Options) (*apply.Result, error) {
	b, err := backup.Open(dir)
	if err != nil {
		return nil, err
	}
	return apply.Run(ctx, client, b, o)
}
