// Package apply carries out a plan: it deletes the tags and manifests that the plan
// names, and nothing else.
//
// A plan is older than its execution, so every deletion compares first. A tag that
// leads elsewhere by now is left alone. A manifest that a tag leads to by now which
// was not to go, or that a cluster has begun to use, stays with all that it needs
// and all that belongs to it. What is gone already is done. The tags of a repository
// are listed again and again while manifests go: a tag that is made for one of them
// within the fifth of a second before that goes is lost with it. When a repository is
// done its tags are looked at once more, and some of what was deleted is asked for:
// what something needs that stays is put back, and said.
//
// Deletion is by tag where the server can do that, which costs it little, and then by
// digest, of indexes before their children and of images before their signatures.
// Other servers delete all tags of a digest with it. A run that was killed is gone on
// with by running it again on the same backup.
//
// It refuses to run without a complete backup, stops at the first refusal of the
// server, and never moves a tag unless it is told to remove tags that way.
package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// Client is the registry. Errors are to be told apart as package registry does.
type Client interface {
	Tags(ctx context.Context, repo string) ([]string, error)
	Manifest(ctx context.Context, repo, ref string) (*registry.Manifest, error)
	Head(ctx context.Context, repo, ref string) (registry.Descriptor, error)
	PutManifest(ctx context.Context, repo, ref string, m *registry.Manifest) error
	DeleteManifest(ctx context.Context, repo, digest string) error
	DeleteTag(ctx context.Context, repo, tag string) error
}

// Options are for [Run]; the zero value will do.
type Options struct {
	// Parallel is the most requests at once, 0 means 8. How many of them pay off is
	// found out.
	Parallel int

	// UntagByOverwrite removes a tag whose manifest stays from a server that cannot
	// delete tags: an empty manifest is pushed over it and deleted by its digest.
	// Whoever pushes the same tag in the milliseconds between loses the push.
	UntagByOverwrite bool

	// Recheck says what clusters use now. It is called before the first deletion and
	// then every RecheckEvery, 5 minutes if that is 0. nil: nobody is asked. An error
	// stops the run.
	Recheck      func(context.Context) (plan.References, error)
	RecheckEvery time.Duration

	// FreshFor is how long what a tag leads to is believed that stays, 0 means a
	// minute. It is longer where asking takes more than 5 % of the time. A tag that
	// exists and is moved to a manifest just before that goes is reported.
	FreshFor time.Duration

	// ListedFor is how long a list of all tags is believed, 0 means 200 ms: to look for
	// new tags before each manifest costs some servers as much as deleting it.
	ListedFor time.Duration

	// Pressure tells of attempts that the server turned down.
	Pressure *Pressure

	// Progress is called after each tag and manifest, by one goroutine at a time.
	Progress func(done, total int)
}

// ErrDeletionDisabled is why a run stops whose server refuses all deletions.
var ErrDeletionDisabled = errors.New("the registry does not delete anything")

// ErrRestored is why a run is not gone on with.
var ErrRestored = errors.New("what it deleted was put back")

// Run carries out the plan of b, but for what its journal has as done: that is only
// asked for, and left alone if it is back. A run that was restored is refused with
// [ErrRestored]. Run returns what was done even with an error, which says why it
// stopped: the context's cause, a refusal of the server, or too many failures in a
// row. Requests under way are then waited for, a while.
func Run(ctx context.Context, client Client, b *backup.Backup, opts Options) (*Result, error) {
	journal, lines, err := b.OpenJournal()
	if err != nil {
		return nil, err
	}
	r, err := newRun(client, b, journal, opts)
	if backup.WasRestored(lines) {
		err = restored(b)
	}
	if err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	r.replay(lines)
	journal.Write(backup.Line{Kind: backup.LineBegin})
	start := time.Now()
	err = r.all(ctx)
	result := r.result()
	result.Elapsed = time.Since(start)
	journal.Write(backup.Line{Kind: backup.LineEnd, Remaining: result.Tags.Remaining + result.Manifests.Remaining})
	return result, errors.Join(err, journal.Close())
}

// restored refuses to delete again what somebody has wanted back.
func restored(b *backup.Backup) error {
	return hint.With(fmt.Errorf("going on with run %q: %w", b.Dir, ErrRestored), "make a new plan")
}

func newRun(client Client, b *backup.Backup, journal *backup.Journal, opts Options) (*run, error) {
	if opts.Parallel <= 0 {
		opts.Parallel = 8
	}
	if opts.RecheckEvery <= 0 {
		opts.RecheckEvery = 5 * time.Minute
	}
	if opts.FreshFor <= 0 {
		opts.FreshFor = time.Minute
	}
	if opts.ListedFor <= 0 {
		opts.ListedFor = 200 * time.Millisecond
	}
	r := &run{
		client: client, backup: b, journal: journal, opts: opts, tagsOwn: b.Plan.Registry.TagsOwn,
		pace: newPacer(opts.Parallel, opts.Pressure), reads: make(chan struct{}, opts.Parallel),
		stop: func(error) {}, earlier: map[*Item]bool{},
	}
	kept := map[string]backup.Repository{}
	for _, repo := range b.Index.Repos {
		kept[repo.Name] = repo
	}
	for _, repo := range b.Plan.Repos {
		p, err := newRepository(r, repo, kept[repo.Name])
		if err != nil {
			return nil, err
		}
		if len(p.tags)+len(p.manifests) > 0 {
			r.repos = append(r.repos, p)
			r.total += len(p.tags) + len(p.manifests)
		}
	}
	return r, nil
}

// all runs through the repositories, some at once.
func (r *run) all(ctx context.Context) error {
	if r.total == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.stop = cancel
	if err := r.probe(ctx); err != nil {
		return err
	}
	if err := r.recheck(ctx); err != nil {
		return err
	}
	for range fanout.Run(ctx, r.repos, fanout.Limits[*repository]{Total: r.opts.Parallel}, func(ctx context.Context, p *repository) struct{} {
		if err := p.execute(ctx); err != nil && ctx.Err() == nil {
			p.failRest(err)
		}
		return struct{}{}
	}) {
		continue
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("applying the plan: %w", err)
	}
	return nil
}

// nobody is the digest of nothing that anybody can have.
const nobody = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// probe asks whether the server deletes at all, by something that is not there. Some
// servers delete tags although deletion is disabled, so no tag is asked for.
func (r *run) probe(ctx context.Context) error {
	err := r.client.DeleteManifest(ctx, r.repos[0].name, nobody)
	if err == nil || errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("asking whether the registry deletes: %w", refusal(err))
}
