package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// maxConfig bounds what is read of an image's config; real ones have some kilobytes.
const maxConfig = 8 << 20

// said is what an image says of itself, in its config or in its manifest.
type said struct {
	Created time.Time `json:"t,omitzero"`
	Protect string    `json:"p,omitempty"`
}

// user is a manifest whose config is to be read, and a repository that has it.
type user struct {
	*graph.Manifest
	repository string
}

// configs reads the configs of the images in repositories whose rules need dates,
// each once.
func (r *reader) configs(ctx context.Context) error {
	if r.o.Dates == nil {
		return nil
	}
	for _, repo := range r.graph.Repositories {
		if !r.o.Dates(repo) {
			continue
		}
		for digest := range r.linked[repo] {
			r.wantConfig(repo.Name, digest)
		}
	}
	return r.learn(ctx)
}

// wantConfig queues the config of an image, if it has one that nobody knows.
func (r *reader) wantConfig(repository, digest string) {
	m := r.graph.Manifests[digest]
	if !unknown(m) {
		return
	}
	m.Asked = true
	if known, ok := r.o.Cache.learned(digest); ok {
		m.Created, m.Protect, m.Learned = known.Created, known.Protect, true
		return
	}
	r.users = append(r.users, user{m, repository})
}

// Unknown are the images that refs lead to, also by way of indexes, whose configs have
// not been asked for.
func Unknown(g *graph.Registry, refs []graph.Ref) []graph.Ref {
	var list []graph.Ref
	seen := map[graph.Ref]bool{} // indexes
	for len(refs) > 0 {
		ref := refs[len(refs)-1]
		refs = refs[:len(refs)-1]
		m := g.Manifests[ref.Digest]
		if unknown(m) {
			list = append(list, ref)
		}
		if m != nil && len(m.Children) > 0 && !seen[ref] {
			seen[ref] = true
			for _, child := range m.Children {
				refs = append(refs, graph.Ref{Repository: ref.Repository, Digest: child})
			}
		}
	}
	return list
}

func unknown(m *graph.Manifest) bool {
	return m != nil && m.Config != nil && m.ArtifactType == "" && !m.Asked
}

// Learn reads the configs of images: what they say of dates and protection is then in g.
func Learn(ctx context.Context, c Client, g *graph.Registry, images []graph.Ref, o Options) error {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	r := newReader(c, o)
	r.graph = g
	for _, ref := range images {
		r.wantConfig(ref.Repository, ref.Digest)
	}
	return r.learn(ctx)
}

// learn reads the configs that are queued. An index is as young as the youngest image
// in it.
func (r *reader) learn(ctx context.Context) error {
	if err := r.readConfigs(ctx); err != nil {
		return err
	}
	for _, m := range r.graph.Manifests {
		if m.Kind == registry.Index {
			m.Created = r.youngest(m, 0)
		}
	}
	return nil
}

// wanted is a config to read, with the images that have it.
type wanted struct {
	*graph.Blob
	users []user
}

// heard is what came of a wanted config.
type heard struct {
	said
	err error
}

func (r *reader) readConfigs(ctx context.Context) error {
	configs := r.wanted()
	r.total += int64(len(configs))
	ask := func(ctx context.Context, w wanted) heard { return r.config(ctx, w.users[0].repository, w.Digest) }
	var lost []unheard
	for i, a := range inShares(ctx, configs, r.o.Parallel, ask) {
		r.step()
		if a.err != nil {
			lost = append(lost, unheard{configs[i], a.err})
			continue
		}
		configs[i].add(a.said)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.elsewhere(ctx, lost)
}

// wanted are the configs of the queued images, each once.
func (r *reader) wanted() []wanted {
	users := r.users
	slices.SortFunc(users, func(a, b user) int {
		return cmp.Or(strings.Compare(a.Config.Digest, b.Config.Digest), strings.Compare(a.repository, b.repository))
	})
	var out []wanted
	for from := 0; from < len(users); {
		to := from + 1
		for to < len(users) && users[to].Config == users[from].Config {
			to++
		}
		out = append(out, wanted{users[from].Config, users[from:to]})
		from = to
	}
	return out
}

func (r *reader) config(ctx context.Context, repository, digest string) heard {
	body, err := r.client.Blob(ctx, repository, digest, maxConfig)
	if err != nil {
		return heard{err: err}
	}
	return heard{said: parseConfig(body)}
}

// add notes what the config says.
func (w wanted) add(s said) {
	for _, u := range w.users {
		u.add(s)
	}
}

// add notes what the manifest's config says.
func (u user) add(s said) {
	u.Learned = true
	if !s.Created.IsZero() {
		u.Created = s.Created
	}
	u.Protect = cmp.Or(u.Protect, s.Protect)
}

// parseConfig reads a config. One that cannot be understood has no date, which keeps
// its image where dates count.
func parseConfig(body []byte) said {
	var doc struct {
		Created *time.Time `json:"created"`
		Config  struct {
			Labels map[string]string `json:"Labels"`
		} `json:"config"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return said{}
	}
	s := said{Protect: doc.Config.Labels[ProtectKey]}
	if doc.Created != nil {
		s.Created = *doc.Created
	}
	return s
}

// youngest is the latest creation of an index's images, or what it says itself.
// Nobody knows it if that of one image is not known.
func (r *reader) youngest(m *graph.Manifest, depth int) time.Time {
	if m.Kind != registry.Index || !m.Created.IsZero() || depth > maxDepth {
		return m.Created
	}
	var at time.Time
	for i, digest := range m.Children {
		child := r.graph.Manifests[digest]
		if child == nil || child.ArtifactType != "" || i < len(m.Platforms) && m.Platforms[i] == noPlatform { // missing, or an attestation
			continue
		}
		created := r.youngest(child, depth+1)
		if created.IsZero() {
			return time.Time{}
		}
		if created.After(at) {
			at = created
		}
	}
	return at
}

// noPlatform is that of attestations which builders put beside images.
const noPlatform = "unknown/unknown"

// maxDepth of indexes within indexes; real ones have two.
const maxDepth = 32
