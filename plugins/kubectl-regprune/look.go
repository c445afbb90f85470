package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/inventory"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// look reads everything that the registry holds. Rules, which may be nil, say of which
// images dates have to be known.
func (s *session) look(ctx context.Context, rules *policy.Policy) (*graph.Registry, error) {
	f := s.flags
	o := &s.inventory
	*o = inventory.Options{PageSize: f.read.page, Parallel: f.read.parallel}
	listing, err := s.files(ctx)
	if err != nil {
		return nil, err
	}
	if listing != nil {
		o.Disk = listing
	}
	if rules != nil {
		o.Dates = func(r *graph.Repository) bool { return needsDates(rules, r) }
	}
	if o.Cache, err = s.cache(); err != nil {
		return nil, err
	}
	progress := streams.NewProgress(f.io, "reading", "manifests")
	o.Progress = progress.Update
	g, err := inventory.Read(ctx, s.client, *o)
	progress.Clear()
	if err != nil {
		return nil, err
	}
	s.remember(g)
	return g, nil
}

// remember keeps what digests stand for, so that the next run need not ask. Without it,
// that one is slower, no more.
func (s *session) remember(g *graph.Registry) {
	if err := s.inventory.Cache.Save(g); err != nil {
		s.notes = append(s.notes, err.Error())
	}
}

// unknown are the images that would go by p, or stay as nobody knows how old they are,
// and whose configs have not been read: these tell their age, and whether a label
// protects them.
func unknown(g *graph.Registry, p *plan.Plan) []graph.Ref {
	var refs []graph.Ref
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			if t.Reason == plan.UnknownDate {
				refs = append(refs, graph.Ref{Repository: r.Name, Digest: t.Digest})
			}
		}
		for _, m := range r.Manifests {
			if m.Action == plan.Delete || m.Reason == plan.UnknownDate {
				refs = append(refs, graph.Ref{Repository: r.Name, Digest: m.Digest})
			}
		}
	}
	return inventory.Unknown(g, refs)
}

// needsDates reports whether rules go by when images were created, other than to spare
// what would go: that is asked for those alone.
func needsDates(rules *policy.Policy, r *graph.Repository) bool {
	entry, _ := rules.For(r.Name)
	if entry == nil || entry.GraceOnly() {
		return false
	}
	pushed := true
	for _, t := range r.Tags {
		pushed = pushed && !t.Pushed.IsZero()
	}
	return entry.NeedsCreated(pushed)
}

// files lists the registry's storage in its container. Where that is not possible, the
// plan says what is not known for it; only a listing that broke off is an error.
func (s *session) files(ctx context.Context) (*disk.Listing, error) {
	why := "--no-exec was given"
	if s.candidate == nil {
		why = "--registry leads to no container"
	} else if !s.flags.read.noExec {
		listing, err := s.list(ctx)
		if err == nil || !blind(err) {
			return listing, err
		}
		why = err.Error()
	}
	s.notes = append(s.notes, "untagged manifests and push times are not known: "+why)
	return nil, nil
}

func (s *session) list(ctx context.Context) (*disk.Listing, error) {
	run, err := s.exec()
	if err != nil {
		return nil, err
	}
	config, err := disk.ReadConfig(ctx, run, s.candidate.ConfigPath)
	if err != nil {
		return nil, err
	}
	if config.Driver != "" && config.Driver != "filesystem" {
		return nil, fmt.Errorf("%w: its storage driver is %q", disk.ErrNotFilesystem, config.Driver)
	}
	return disk.List(ctx, run, config.Root)
}

// blind reports whether err only means that nothing can be seen in the container.
func blind(err error) bool {
	return errors.Is(err, disk.ErrNoTools) || errors.Is(err, disk.ErrNotFilesystem) || apierrors.IsForbidden(err)
}

// cache is what is remembered of this registry's manifests.
func (s *session) cache() (*inventory.Cache, error) {
	if s.flags.read.noCache {
		return nil, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil { // no home: a container
		return nil, nil
	}
	sum := sha256.Sum256([]byte(s.name))
	return inventory.OpenCache(filepath.Join(dir, "kubectl-suite", "regprune", hex.EncodeToString(sum[:8])+".json.gz"))
}
