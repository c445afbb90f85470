package collect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// ErrStale says that the registry claims to have blobs that are gone. Whoever pushes an image
// with one of them is told that it is there already, and the image cannot be pulled.
var ErrStale = errors.New("the registry claims to have blobs that are gone")

// sampleSize is how many swept blobs the server is asked for.
const sampleSize = 20

// pair is a blob in a repository that links it.
type pair struct{ repository, digest string }

const existScript = `cd "$1" || exit 1
while IFS= read -r path; do [ ! -e "$path/link" ] || printf '%s\n' "$path"; done
echo end`

// sample finds repositories that link blobs that are about to go: only there the server
// remembers them. It has to be asked before, as version 3 takes the links away.
func (r *run) sample(ctx context.Context, plan *Output) ([]pair, error) {
	var pairs []pair
	for _, l := range plan.Links {
		if len(pairs) < sampleSize {
			pairs = append(pairs, pair{l.Repository, l.Digest})
		}
	}
	if len(pairs) > 0 {
		return pairs, nil
	}
	var names strings.Builder
	for _, d := range plan.Blobs[:min(len(plan.Blobs), 5*sampleSize)] {
		algorithm, sum, _ := strings.Cut(d, ":")
		for _, repository := range r.before.Repositories {
			names.WriteString(path.Join(repository.Name, "_layers", algorithm, sum) + "\n")
		}
	}
	ended := false
	out := &disk.LineWriter{Line: func(text string) error {
		ended = text == "end"
		if name, rest, ok := strings.Cut(text, "/_layers/"); ok && len(pairs) < sampleSize {
			pairs = append(pairs, pair{name, strings.Replace(rest, "/", ":", 1)})
		}
		return nil
	}}
	tree := path.Join(r.config.Root, "docker/registry/v2/repositories")
	err := r.Access.Runner(r.pods[0]).Run(ctx, []string{"sh", "-c", existScript, "sh", tree}, strings.NewReader(names.String()), out)
	if err == nil && !ended {
		err = disk.ErrIncomplete
	}
	if err != nil {
		return nil, fmt.Errorf("looking for links of what is to go: %w", err)
	}
	return pairs, nil
}

// probe asks every pod for blobs that are gone. The restart has emptied caches in
// memory; one in Redis still has what it had.
func (r *run) probe(ctx context.Context, pairs []pair) error {
	r.say(Probing, fmt.Sprintf("asking for %d blobs that are gone", len(pairs)))
	for _, pod := range r.pods {
		if err := r.ask(ctx, pod, pairs); err != nil {
			return fmt.Errorf("asking pod %q for blobs that are gone: %w", pod.Name, err)
		}
	}
	if len(r.report.Stale) == 0 {
		return nil
	}
	slices.Sort(r.report.Stale)
	r.report.Stale = slices.Compact(r.report.Stale)
	remedy := "restart the registry"
	if r.config.Cache == "redis" {
		remedy = "remove the keys of the registry's cache from its Redis (FLUSHDB, if nothing else is in that database)"
	}
	return hint.With(fmt.Errorf("asking for blobs that are gone: %w: %s", ErrStale, some(r.report.Stale)), remedy)
}

func (r *run) ask(ctx context.Context, pod Pod, pairs []pair) error {
	door, done, err := r.Access.Door(ctx, pod)
	if err != nil {
		return err
	}
	defer done()
	for _, p := range pairs {
		_, err := door.StatBlob(ctx, p.repository, p.digest)
		switch {
		case err == nil:
			r.report.Stale = append(r.report.Stale, p.digest)
		case !errors.Is(err, registry.ErrNotFound):
			return err
		}
		r.report.Probed++
	}
	return nil
}
