package backup

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Target is a registry that a backup is put back into.
type Target interface {
	Source
	Head(ctx context.Context, repo, ref string) (registry.Descriptor, error)
	PutManifest(ctx context.Context, repo, ref string, m *registry.Manifest) error
	ReadableBlob(ctx context.Context, repo, digest string, size int64) (int64, error)
}

// ErrStale is why a registry cannot be believed.
var ErrStale = errors.New("the registry claims to have blobs that it has lost")

// RestoreOptions are for [Restore].
type RestoreOptions struct {
	Check    bool                   // only say what could be put back: nothing is written
	Force    bool                   // also move tags that lead elsewhere by now
	Repos    func(name string) bool // which repositories; nil means all
	Parallel int                    // requests at once; 0 means 4
	Progress func(done, total int)  // called after each tag and manifest, by one goroutine at a time
}

// Status says how it stands with a tag or manifest.
type Status string

// The statuses.
const (
	Restored   Status = "restored"
	Restorable Status = "restorable" // by a check
	Present    Status = "present"    // it is there already
	Moved      Status = "moved"      // the tag leads elsewhere by now, and was left alone
	Impossible Status = "impossible" // Missing has what is gone
	Failed     Status = "failed"     // Err says why
)

// Outcome is how it stands with one tag or, without Tag, with one manifest.
type Outcome struct {
	Repo    string   `json:"repository"`
	Tag     string   `json:"tag,omitempty"`
	Digest  string   `json:"digest"`
	Status  Status   `json:"status"`
	Now     string   `json:"now,omitempty"`     // digest that a moved tag leads to
	Missing []string `json:"missing,omitempty"` // digests of blobs that are gone, at any depth, and of manifests that nobody has
	Err     error    `json:"-"`
}

// Restore puts back what b has: children, indexes, what refers to them, then tags.
// What cannot be put back does not stop the rest. The outcomes are in the order of
// the backup, the tags of a repository after its manifests; with an error, they say
// what was done until then.
//
// Unless it is only a check, the run must not be going on. With the first push it is
// over: it cannot be gone on with any more.
//
// A byte of each blob is read, as a server may claim to have blobs that a garbage
// collection of another process has removed, until it is restarted: what needs one of
// those fails, and the error is [ErrStale]. What is put back is read again.
func Restore(ctx context.Context, to Target, b *Backup, opts RestoreOptions) ([]Outcome, error) {
	if opts.Parallel <= 0 {
		opts.Parallel = 4
	}
	r := &restorer{to: to, backup: b, opts: opts}
	if !opts.Check {
		var err error
		if r.ending, err = b.ending(); err != nil {
			return nil, fmt.Errorf("restoring: %w", err)
		}
		defer r.ending.release()
	}
	for _, repo := range b.Index.Repos {
		if opts.Repos == nil || opts.Repos(repo.Name) {
			r.total += len(repo.Manifests) + len(repo.Tags)
		}
	}
	var all []Outcome
	for _, repo := range b.Index.Repos {
		if opts.Repos != nil && !opts.Repos(repo.Name) {
			continue
		}
		outcomes, err := r.repository(ctx, repo)
		all = append(all, outcomes...)
		if err != nil {
			return all, fmt.Errorf("restoring repository %q: %w", repo.Name, err)
		}
	}
	for _, o := range all {
		if errors.Is(o.Err, ErrStale) {
			return all, fmt.Errorf("restoring repository %q: %w", o.Repo, o.Err)
		}
	}
	return all, nil
}

type restorer struct {
	to          Target
	backup      *Backup
	opts        RestoreOptions
	ending      *ending // of the run; nil for a check
	done, total int
}

// repoRestorer knows what is there, or would be, of one repository.
type repoRestorer struct {
	*restorer
	name      string
	manifests map[string]Manifest

	there map[string]bool
	lacks map[string][]string // of manifests that cannot be put back: what is gone
	fails map[string]error    // of manifests that could not be put back: why

	mu    sync.Mutex
	blobs map[string]presence // as far as asked
}

// presence is whether a blob is there, or why that is neither true nor false.
type presence struct {
	there bool
	err   error
}

func (r *restorer) repository(ctx context.Context, repo Repository) ([]Outcome, error) {
	rr := &repoRestorer{
		restorer: r, name: repo.Name, manifests: map[string]Manifest{},
		there: map[string]bool{}, lacks: map[string][]string{}, fails: map[string]error{}, blobs: map[string]presence{},
	}
	var all []Outcome
	for start, end := 0, 0; start < len(repo.Manifests); start = end {
		for end = start; end < len(repo.Manifests) && repo.Manifests[end].Order == repo.Manifests[start].Order; end++ {
			rr.manifests[repo.Manifests[end].Digest] = repo.Manifests[end]
		}
		outcomes, err := each(ctx, r, repo.Manifests[start:end], rr.manifest)
		all = append(all, outcomes...)
		for _, o := range outcomes {
			rr.there[o.Digest] = o.Status == Present || o.Status == Restored || o.Status == Restorable
			rr.lacks[o.Digest] = o.Missing
			if o.Status == Failed {
				rr.fails[o.Digest] = o.Err
			}
		}
		if err != nil {
			return all, err
		}
	}
	outcomes, err := each(ctx, r, repo.Tags, rr.tag)
	return append(all, outcomes...), err
}

// each calls do for every item, some at once, and returns the outcomes in order. It
// stops at what will not become better.
func each[T any](ctx context.Context, r *restorer, items []T, do func(context.Context, T) Outcome) ([]Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make([]*Outcome, len(items))
	for i, o := range fanout.Run(ctx, items, fanout.Limits[T]{Total: r.opts.Parallel}, do) {
		found[i] = &o
		r.done++
		if r.opts.Progress != nil {
			r.opts.Progress(r.done, r.total)
		}
		for _, lasting := range []error{registry.ErrDenied, registry.ErrUnauthorized, registry.ErrUnsupported, errNotEnded} {
			if errors.Is(o.Err, lasting) {
				cancel(o.Err)
			}
		}
	}
	var all []Outcome
	for _, o := range found {
		if o != nil {
			all = append(all, *o)
		}
	}
	return all, context.Cause(ctx)
}
