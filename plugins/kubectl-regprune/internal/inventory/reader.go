package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// reader is a reading under way. Answers come in one at a time, so that nothing here
// is locked.
type reader struct {
	client Client
	o      Options
	graph  *graph.Registry
	done   int64
	total  int64

	linked  map[*graph.Repository]map[string]bool // digests that exist in a repository
	missing map[*graph.Repository]map[string]bool // children that do not
	queued  map[*graph.Repository][]string        // children to look at
	names   map[string]string                     // texts that several manifests have, each kept in memory once

	users []user // whose configs are to be read
}

func newReader(c Client, o Options) *reader {
	return &reader{
		client: c, o: o,
		graph:   &graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}},
		linked:  map[*graph.Repository]map[string]bool{},
		missing: map[*graph.Repository]map[string]bool{},
		queued:  map[*graph.Repository][]string{},
		names:   map[string]string{},
	}
}

// want is a manifest to read: of a tag, or by its digest.
type want struct {
	repo   *graph.Repository
	tag    *graph.Tag
	digest string
}

func (w want) reference() string {
	if w.tag != nil {
		return w.tag.Name
	}
	return w.digest
}

// answer is what came of a want.
type answer struct {
	manifest *graph.Manifest
	err      error
}

// read asks for manifests and takes them in. A manifest that is missing makes a tag a
// ghost; any other failure fails the repository, which plans then leave alone.
func (r *reader) read(ctx context.Context, wants []want) error {
	r.total += int64(len(wants))
	for i, a := range inShares(ctx, wants, r.o.Parallel, r.ask) {
		r.step()
		if err := r.take(wants[i], a); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// step tells of a request that is done.
func (r *reader) step() {
	r.done++
	if r.o.Progress != nil {
		r.o.Progress(r.done, r.total)
	}
}

// ask is one want, asked from many goroutines. If the cache knows what the digest stands
// for, only the digest is asked.
func (r *reader) ask(ctx context.Context, w want) answer {
	if r.o.Cache.Any() {
		d, err := r.client.Head(ctx, w.repo.Name, w.reference())
		if err != nil {
			return answer{err: err}
		}
		if m := r.o.Cache.Manifest(d.Digest); m != nil {
			return answer{manifest: m}
		}
	}
	m, err := r.client.Manifest(ctx, w.repo.Name, w.reference())
	if err != nil {
		return answer{err: err}
	}
	c, err := m.Parse()
	if err != nil {
		return answer{manifest: broken(m, err)}
	}
	return answer{manifest: facts(m, c)}
}

// take puts an answer into the graph.
func (r *reader) take(w want, a answer) error {
	switch {
	case errors.Is(a.err, registry.ErrNotFound):
		if w.tag == nil {
			set(r.missing, w.repo, w.digest)
		}
		return nil
	case errors.Is(a.err, registry.ErrDenied), errors.Is(a.err, registry.ErrUnauthorized), errors.Is(a.err, context.Canceled), errors.Is(a.err, context.DeadlineExceeded):
		return fmt.Errorf("reading %s: %w", r.words(w), a.err)
	case a.err != nil:
		w.repo.Failed = fmt.Sprintf("reading %s: %v", r.words(w), a.err)
		return nil
	}
	m := r.adopt(a.manifest)
	if w.tag != nil {
		w.tag.Digest = m.Digest
	}
	r.link(w.repo, m.Digest)
	return nil
}

func (r *reader) words(w want) string {
	if w.tag != nil {
		return fmt.Sprintf("%q", w.repo.Name+":"+w.tag.Name)
	}
	return fmt.Sprintf("%q", w.repo.Name+"@"+w.digest)
}

// link notes that a manifest exists in a repository, and queues what it names.
func (r *reader) link(repo *graph.Repository, digest string) {
	if r.linked[repo][digest] {
		return
	}
	set(r.linked, repo, digest)
	if m := r.graph.Manifests[digest]; m != nil {
		r.queued[repo] = append(r.queued[repo], m.Children...)
	}
}

// unread takes the queue of a repository: children that have not been looked for.
func (r *reader) unread(repo *graph.Repository) []string {
	queue := r.queued[repo]
	delete(r.queued, repo)
	slices.Sort(queue)
	return slices.DeleteFunc(slices.Compact(queue), func(digest string) bool {
		return r.linked[repo][digest] || r.missing[repo][digest]
	})
}

// settle writes down what is linked, for those who look at the graph.
func (r *reader) settle(ctx context.Context) error {
	for _, repo := range r.graph.Repositories {
		repo.Linked = slices.Sorted(maps.Keys(r.linked[repo]))
	}
	return ctx.Err()
}

// finish completes the graph.
func (r *reader) finish() {
	for _, m := range r.graph.Manifests {
		for i, platform := range m.Platforms {
			if child := r.graph.Manifests[m.Children[i]]; child != nil && child.Platform == "" {
				child.Platform = platform
			}
		}
	}
}

func set[K comparable](m map[K]map[string]bool, k K, digest string) {
	if m[k] == nil {
		m[k] = map[string]bool{}
	}
	m[k][digest] = true
}
