// Package verify proves that what a plan keeps can still be pulled: every tag leads to
// a manifest, every manifest of an index is there, and of every blob the last byte can be
// read, and the size is as it should be.
//
// Blobs are not downloaded: bytes that have changed on the disk are not found. The
// server's word alone is not taken, as it remembers blobs which a garbage collection of
// another process has removed. What could not be asked is counted as unknown, never as
// good.
package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// Client is the registry. Errors are to be told apart as package registry does.
type Client interface {
	Manifest(ctx context.Context, repo, ref string) (*registry.Manifest, error)
	ReadableBlob(ctx context.Context, repo, digest string, size int64) (int64, error)
}

// Options are for [Kept]; the zero value will do.
type Options struct {
	Parallel int                   // requests at once; 0 means 8
	Progress func(done, total int) // called after each tag or manifest, by one goroutine at a time
	// Before is the result of a look before anything was deleted: what was broken then
	// is not the work of this run.
	Before *Result
	// Unread are repositories that may have more than the plan has.
	Unread []Unread
}

// What is wrong with something.
const (
	NotThere  = "missing"
	WrongSize = "wrong-size"
	BadText   = "unreadable" // no manifest, or a blob that the server claims to have and cannot send
	Unknown   = "unknown"    // it could not be asked
)

// What something is.
const (
	AManifest = "manifest"
	AConfig   = "config"
	ALayer    = "layer"
)

// Fault is one thing that an image needs and that is not as it should be.
type Fault struct {
	Digest string `json:"digest,omitempty"`
	What   string `json:"what"`  // AManifest, AConfig or ALayer
	Fault  string `json:"fault"` // NotThere, WrongSize, BadText or Unknown
	Err    error  `json:"-"`
}

// Broken is a tag or, without Tag, an untagged manifest that cannot be pulled as a whole.
type Broken struct {
	Repo   string  `json:"repository"`
	Tag    string  `json:"tag,omitempty"`
	Digest string  `json:"digest,omitempty"` // that it leads to now, or else did
	Faults []Fault `json:"faults"`
	// Before says that it was so before the plan was applied.
	Before bool `json:"before,omitempty"`
	// Unknown says that nothing is known to be wrong, but not all could be asked.
	Unknown bool `json:"unknown,omitempty"`
}

// Unread is a repository of which not all is known, and why: of what is not, nothing was
// looked at.
type Unread struct {
	Repo string `json:"repository"`
	Why  string `json:"why"`
}

// Result is what was found. Tags, Manifests and Blobs were looked at; each digest
// counts once in a repository.
type Result struct {
	Tags      int      `json:"tags"`
	Manifests int      `json:"manifests"`
	Blobs     int      `json:"blobs"`
	Broken    []Broken `json:"broken,omitempty"` // in the order of the plan
	Unread    []Unread `json:"unread,omitempty"`
}

// Intact reports whether all was looked at, and nothing is wrong.
func (r *Result) Intact() bool { return len(r.Broken) == 0 && len(r.Unread) == 0 }

// Damage are those that were not broken before.
func (r *Result) Damage() []Broken {
	return slices.DeleteFunc(slices.Clone(r.Broken), func(b Broken) bool { return b.Before })
}

// Kept looks at all that p keeps, as it is now: also at tags that were moved since. With
// an error it was not looked at all of it.
func Kept(ctx context.Context, client Client, p *plan.Plan, opts Options) (*Result, error) {
	if opts.Parallel <= 0 {
		opts.Parallel = 8
	}
	var targets []target
	repos := map[string]*checker{}
	for _, r := range p.Repos {
		repos[r.Name] = &checker{client: client, repo: r.Name, manifests: map[string]*check{}, blobs: map[string]*check{}}
		targets = append(targets, targetsOf(r)...)
	}
	before := beforehand(opts.Before)
	out := &Result{Unread: opts.Unread}
	found := make([]*Broken, len(targets))
	done := 0
	results := fanout.Run(ctx, targets, fanout.Limits[target]{Total: opts.Parallel}, func(ctx context.Context, t target) *Broken {
		return repos[t.repo].target(ctx, t)
	})
	for i, b := range results {
		t := targets[i]
		if len(b.Faults) > 0 {
			b.Before = t.broken || old(b.Faults, before[t.key()])
			b.Unknown = !slices.ContainsFunc(b.Faults, func(f Fault) bool { return f.Fault != Unknown })
			found[i] = b
		}
		if t.tag != "" {
			out.Tags++
		}
		done++
		if opts.Progress != nil {
			opts.Progress(done, len(targets))
		}
	}
	for _, b := range found {
		if b != nil {
			out.Broken = append(out.Broken, *b)
		}
	}
	for _, c := range repos {
		out.Manifests += len(c.manifests)
		out.Blobs += len(c.blobs)
	}
	if err := context.Cause(ctx); err != nil {
		return out, fmt.Errorf("verifying what was kept: %d of %d looked at: %w", done, len(targets), err)
	}
	return out, nil
}

// target is one thing to look at: a tag, or an untagged manifest.
type target struct {
	repo, tag, digest string
	broken            bool // already when the plan was made
}

func (t target) key() [3]string {
	if t.tag != "" {
		return [3]string{t.repo, t.tag}
	}
	return [3]string{t.repo, "", t.digest}
}

// targetsOf are the kept tags, and the kept manifests that none of them leads to: a pod
// may name them by digest.
func targetsOf(r plan.Repository) []target {
	var list []target
	tagged := map[string]bool{}
	for _, t := range r.Tags {
		if t.Action == plan.Keep {
			tagged[t.Digest] = true
			list = append(list, target{r.Name, t.Name, t.Digest, t.Reason == plan.Ghost || t.Reason == plan.Unreadable})
		}
	}
	for _, m := range r.Manifests {
		if m.Action == plan.Keep && !tagged[m.Digest] {
			list = append(list, target{r.Name, "", m.Digest, m.Reason == plan.Unreadable})
		}
	}
	return list
}

// beforehand is what was wrong with each target.
func beforehand(r *Result) map[[3]string][]Fault {
	faults := map[[3]string][]Fault{}
	if r != nil {
		for _, b := range r.Broken {
			faults[target{repo: b.Repo, tag: b.Tag, digest: b.Digest}.key()] = b.Faults
		}
	}
	return faults
}

// old reports whether everything that is wrong now was so before.
func old(now, before []Fault) bool {
	for _, f := range now {
		if !slices.ContainsFunc(before, func(b Fault) bool { return b.Digest == f.Digest && b.Fault == f.Fault && f.Fault != Unknown }) {
			return false
		}
	}
	return true
}
