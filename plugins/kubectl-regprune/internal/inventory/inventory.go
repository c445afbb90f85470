// Package inventory reads what a registry holds into a graph: every repository, tag
// and manifest that the API tells of, each manifest once, and dates only where a rule
// needs them.
//
// It changes nothing, and it leaves nothing out in silence: what cannot be read is a
// ghost, a broken manifest, a failed repository, or the end of the reading.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Client is how a registry is read. A *registry.Client is one.
type Client interface {
	Repositories(ctx context.Context, pageSize int) iter.Seq2[string, error]
	Tags(ctx context.Context, repository string) ([]string, error)
	Manifest(ctx context.Context, repository, reference string) (*registry.Manifest, error)
	Head(ctx context.Context, repository, reference string) (registry.Descriptor, error)
	Blob(ctx context.Context, repository, digest string, limit int64) ([]byte, error)
}

// Options say what to read.
type Options struct {
	// Names are the repositories, if they are known otherwise; nil asks the catalog.
	Names []string
	// PageSize is how many names the catalog is asked for at once; 0: DefaultPage.
	PageSize int
	// Parallel requests; 0: DefaultParallel.
	Parallel int
	// Dates says of which repositories the configs of images are read, for the time
	// of creation and for labels; nil: none. It is asked once all else is known.
	Dates func(r *graph.Repository) bool
	// Disk adds what only the storage tells, such as untagged manifests, and returns the
	// repositories that it had to add. Once the API has told their tags, it compares
	// these, too. nil: nothing.
	Disk interface {
		Into(g *graph.Registry) (added []string)
		Tags(repos ...*graph.Repository)
	}
	// Cache remembers what digests stand for between runs; nil: nothing is.
	Cache *Cache
	// Progress is told how many of how many requests are done; may be nil.
	Progress func(done, total int64)
}

// Defaults. More requests at once do not make a server faster: it answers from its
// disk and with its CPUs.
const (
	DefaultPage     = 1000
	DefaultParallel = 8
)

// Read reads a registry.
func Read(ctx context.Context, c Client, o Options) (*graph.Registry, error) {
	if o.PageSize <= 0 {
		o.PageSize = DefaultPage
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	r := newReader(c, o)
	for _, step := range []func(context.Context) error{
		r.catalog, r.tags, r.children, r.disk, r.untagged, r.children, r.settle, r.configs,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.finish()
	return r.graph, nil
}

// catalog lists the repositories.
func (r *reader) catalog(ctx context.Context) error {
	names := r.o.Names
	if names == nil {
		for name, err := range r.client.Repositories(ctx, r.o.PageSize) {
			if err != nil {
				return fmt.Errorf("listing the repositories: %w", err)
			}
			names = append(names, name)
		}
	}
	names = slices.Clone(names)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		r.graph.Repositories = append(r.graph.Repositories, &graph.Repository{Name: name})
	}
	return nil
}

// tags reads the tags of all repositories, and what they lead to.
func (r *reader) tags(ctx context.Context) error { return r.tagsOf(ctx, r.graph.Repositories) }

func (r *reader) tagsOf(ctx context.Context, repos []*graph.Repository) error {
	type answer struct {
		tags []string
		err  error
	}
	list := func(ctx context.Context, repo *graph.Repository) answer {
		tags, err := r.client.Tags(ctx, repo.Name)
		return answer{tags, err}
	}
	var wants []want
	for i, a := range fanout.Run(ctx, repos, fanout.Limits[*graph.Repository]{Total: r.o.Parallel}, list) {
		repo := repos[i]
		switch {
		case errors.Is(a.err, registry.ErrNotFound): // the catalog names it for ever
		case a.err != nil && ctx.Err() == nil:
			return fmt.Errorf("listing the tags of %q: %w", repo.Name, a.err)
		}
		slices.Sort(a.tags)
		for _, tag := range slices.Compact(a.tags) {
			repo.Tags = append(repo.Tags, graph.Tag{Name: strings.Clone(tag)})
		}
		for i := range repo.Tags {
			wants = append(wants, want{repo: repo, tag: &repo.Tags[i]})
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.read(ctx, wants)
}

// children reads what indexes name, round by round, as indexes can name indexes.
func (r *reader) children(ctx context.Context) error {
	for {
		var wants []want
		for _, repo := range r.graph.Repositories {
			for _, digest := range r.unread(repo) {
				wants = append(wants, want{repo: repo, digest: digest})
			}
		}
		if len(wants) == 0 {
			return nil
		}
		if err := r.read(ctx, wants); err != nil {
			return err
		}
	}
}

// disk adds what the storage tells.
func (r *reader) disk(ctx context.Context) error {
	if r.o.Disk == nil {
		return nil
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	var unlisted []*graph.Repository // by the catalog
	for _, name := range r.o.Disk.Into(r.graph) {
		unlisted = append(unlisted, r.graph.Repository(name))
	}
	for _, repo := range r.graph.Repositories {
		for _, digest := range repo.Linked {
			r.link(repo, digest)
		}
	}
	if err := r.tagsOf(ctx, unlisted); err != nil {
		return err
	}
	r.o.Disk.Tags(unlisted...)
	return nil
}

// untagged reads the manifests that only the storage told of.
func (r *reader) untagged(ctx context.Context) error {
	var wants []want
	for _, repo := range r.graph.Repositories {
		for _, digest := range repo.Linked {
			if r.graph.Manifests[digest] == nil {
				wants = append(wants, want{repo: repo, digest: digest})
			}
		}
	}
	return r.read(ctx, wants)
}
