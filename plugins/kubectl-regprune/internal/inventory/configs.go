package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// maxConfig bounds what is read of an image's config; real ones have some kilobytes.
const maxConfig = 8 << 20

// config is what the config of an image says of it.
type config struct {
	created time.Time
	protect string
}

// configs reads the configs of the images in repositories whose rules need dates,
// each once.
func (r *reader) configs(ctx context.Context) error {
	if r.o.Dates == nil {
		return nil
	}
	where := map[string]string{} // a repository that has a config
	for _, repo := range r.graph.Repositories {
		if !r.o.Dates(repo) {
			continue
		}
		for digest := range r.linked[repo] {
			r.wantConfig(where, repo.Name, digest)
		}
	}
	return r.learn(ctx, where)
}

func (r *reader) wantConfig(where map[string]string, repository, digest string) {
	m := r.graph.Manifests[digest]
	if m != nil && m.Config != nil && m.ArtifactType == "" && !m.Asked && where[m.Config.Digest] == "" {
		where[m.Config.Digest] = repository
	}
}

// Learn reads the configs of images that refs lead to, also by way of indexes, where
// they have not been read: what they say of dates and protection is then in g. It
// returns how many it has asked about.
func Learn(ctx context.Context, c Client, g *graph.Registry, refs []graph.Ref, o Options) (int, error) {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	r := newReader(c, o)
	r.graph = g
	where := map[string]string{}
	seen := map[graph.Ref]bool{}
	for len(refs) > 0 {
		ref := refs[len(refs)-1]
		refs = refs[:len(refs)-1]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		r.wantConfig(where, ref.Repository, ref.Digest)
		if m := g.Manifests[ref.Digest]; m != nil {
			for _, child := range m.Children {
				refs = append(refs, graph.Ref{Repository: ref.Repository, Digest: child})
			}
		}
	}
	return len(where), r.learn(ctx, where)
}

// learn reads configs, each in the repository that where names for it. An index is as
// young as the youngest image in it.
func (r *reader) learn(ctx context.Context, where map[string]string) error {
	users := map[string][]*graph.Manifest{} // by digest of the config
	for _, m := range r.graph.Manifests {
		if m.Config != nil && where[m.Config.Digest] != "" {
			m.Asked = true
			users[m.Config.Digest] = append(users[m.Config.Digest], m)
		}
	}
	if err := r.readConfigs(ctx, users, where); err != nil {
		return err
	}
	for _, m := range r.graph.Manifests {
		if m.Kind == registry.Index {
			m.Created = r.youngest(m, 0)
		}
	}
	return nil
}

func (r *reader) readConfigs(ctx context.Context, users map[string][]*graph.Manifest, where map[string]string) error {
	var digests []string
	found := func(digest string, c config) {
		for _, m := range users[digest] {
			if !c.created.IsZero() {
				m.Created = c.created
			}
			m.Protect = cmp.Or(m.Protect, c.protect)
		}
	}
	for digest := range users {
		if c, ok := r.o.Cache.config(digest); ok {
			found(digest, c)
			continue
		}
		digests = append(digests, digest)
	}
	slices.Sort(digests)
	r.total += int64(len(digests))
	type answer struct {
		config
		err error
	}
	ask := func(ctx context.Context, digest string) answer {
		body, err := r.client.Blob(ctx, where[digest], digest, maxConfig)
		if err != nil {
			return answer{err: err}
		}
		return answer{config: parseConfig(body)}
	}
	for i, a := range inShares(ctx, digests, r.o.Parallel, ask) {
		r.step()
		switch {
		case errors.Is(a.err, registry.ErrNotFound): // the image is broken already; its date is unknown
		case a.err != nil && ctx.Err() == nil:
			r.graph.Repository(where[digests[i]]).Failed = fmt.Sprintf("reading the config %q: %v", digests[i], a.err)
		default:
			found(digests[i], a.config)
			r.o.Cache.setConfig(digests[i], a.config)
		}
	}
	return ctx.Err()
}

// parseConfig reads a config. One that cannot be understood has no date, which keeps
// its image where dates count.
func parseConfig(body []byte) config {
	var doc struct {
		Created *time.Time `json:"created"`
		Config  struct {
			Labels map[string]string `json:"Labels"`
		} `json:"config"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return config{}
	}
	c := config{protect: doc.Config.Labels[ProtectKey]}
	if doc.Created != nil {
		c.created = *doc.Created
	}
	return c
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
