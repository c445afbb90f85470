package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// maxFailures is how many repositories may fail to give a config before the others are
// not asked any more: the server is ill then.
const maxFailures = 3

// unheard is a config that could not be had where it was asked for.
type unheard struct {
	wanted
	err error
}

// elsewhere asks other repositories for configs. Blobs are the same in all, but each has
// links of its own, and one of them may be broken.
//
// If none answers, because of an error, nobody knows whether the images that have the
// config are protected, and all repositories with one of them have failed. A config that
// none has is no error: its images cannot be pulled from anywhere and have no date any
// more, which keeps them where ages count; rules for names may let them go.
func (r *reader) elsewhere(ctx context.Context, lost []unheard) error {
	if len(lost) == 0 {
		return nil
	}
	homes := r.homes(lost)
	r.total += int64(len(lost))
	ask := func(ctx context.Context, u unheard) heard { return r.askOthers(ctx, u, homes[u.Blob]) }
	for i, a := range inShares(ctx, lost, r.o.Parallel, ask) {
		r.step()
		config := lost[i]
		switch {
		case a.err == nil:
			config.add(a.said)
		case errors.Is(a.err, registry.ErrNotFound), ctx.Err() != nil:
		default:
			for _, repo := range homes[config.Blob] {
				if repo.Failed == "" {
					repo.Failed = fmt.Sprintf("reading the config %q: %v", config.Digest, a.err)
				}
			}
		}
	}
	return ctx.Err()
}

// askOthers returns the first answer, or else an error other than that the config is not
// there, if there was one.
func (r *reader) askOthers(ctx context.Context, u unheard, repos []*graph.Repository) heard {
	failures := 0
	failed := func(err error) bool {
		if !errors.Is(err, registry.ErrNotFound) {
			failures++
			u.err = err
		}
		return failures >= maxFailures || ctx.Err() != nil
	}
	failed(u.err)
	for _, repo := range repos {
		if repo.Name == u.users[0].repository {
			continue // it has answered
		}
		a := r.config(ctx, repo.Name, u.Digest)
		if a.err == nil {
			return a
		}
		if failed(a.err) {
			break
		}
	}
	return heard{err: u.err}
}

// homes are the repositories that link an image with a config.
func (r *reader) homes(lost []unheard) map[*graph.Blob][]*graph.Repository {
	homes := make(map[*graph.Blob][]*graph.Repository, len(lost))
	for _, u := range lost {
		homes[u.Blob] = nil
	}
	for _, repo := range r.graph.Repositories {
		for _, digest := range repo.Linked {
			m := r.graph.Manifests[digest]
			if m == nil || m.Config == nil {
				continue
			}
			known, wanted := homes[m.Config]
			if wanted && (len(known) == 0 || known[len(known)-1] != repo) {
				homes[m.Config] = append(known, repo)
			}
		}
	}
	return homes
}
