package backup

import (
	"context"
	"errors"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// missing lists what the server would have to have for a manifest and has not: of
// children always, as that is known, of blobs if they are to be asked for.
func (r *repoRestorer) missing(ctx context.Context, m *registry.Manifest, blobs bool) ([]string, error) {
	content, err := m.Parse()
	if err != nil {
		return nil, nil //nolint:nilerr // the server will say
	}
	var missing []string
	for _, child := range content.Manifests {
		if !r.there[child.Digest] {
			missing = append(missing, r.lack(child.Digest)...)
		}
	}
	if !blobs {
		return unique(missing), nil
	}
	needs := content.Layers
	if content.Config != nil {
		needs = append([]registry.Descriptor{*content.Config}, needs...)
	}
	for _, d := range needs {
		if d.Foreign() {
			continue
		}
		there, err := r.blob(ctx, d.Digest)
		if err != nil {
			return nil, err
		}
		if !there {
			missing = append(missing, d.Digest)
		}
	}
	return unique(missing), nil
}

// lack is what is gone of a manifest, or the manifest itself if that is not known.
func (r *repoRestorer) lack(digest string) []string {
	if list := r.lacks[digest]; len(list) > 0 {
		return list
	}
	return []string{digest}
}

func unique(digests []string) []string {
	slices.Sort(digests)
	return slices.Compact(digests)
}

func (r *repoRestorer) blob(ctx context.Context, digest string) (bool, error) {
	r.mu.Lock()
	there, known := r.blobs[digest]
	r.mu.Unlock()
	if known {
		return there, nil
	}
	_, err := r.to.StatBlob(ctx, r.name, digest)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[digest] = err == nil
	return err == nil, nil
}
