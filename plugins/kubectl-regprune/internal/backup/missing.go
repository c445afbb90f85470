package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// missing lists what the server would have to have for a manifest and has not. It fails
// if that cannot be told of all.
func (r *repoRestorer) missing(ctx context.Context, m *registry.Manifest) ([]string, error) {
	content, err := m.Parse()
	if err != nil {
		return nil, nil // the server will say
	}
	var missing []string
	for _, child := range content.Manifests {
		if err := r.fails[child.Digest]; err != nil {
			return nil, fmt.Errorf("manifest %q: %w", child.Digest, err)
		}
		if !r.there[child.Digest] {
			missing = append(missing, r.lack(child.Digest)...)
		}
	}
	blobs := content.Layers
	if content.Config != nil {
		blobs = append([]registry.Descriptor{*content.Config}, blobs...)
	}
	for _, d := range blobs {
		if d.Foreign() {
			continue
		}
		there, err := r.blob(ctx, d)
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

// blob reports whether a blob can be read. A server takes a manifest with blobs that it
// only claims to have, which would be no success.
func (r *repoRestorer) blob(ctx context.Context, d registry.Descriptor) (bool, error) {
	r.mu.Lock()
	known, asked := r.blobs[d.Digest]
	r.mu.Unlock()
	if asked {
		return known.there, known.err
	}
	_, err := r.to.ReadableBlob(ctx, r.name, d.Digest, d.Size)
	found := presence{there: err == nil}
	switch {
	case errors.Is(err, registry.ErrUnreadable):
		found.err = fmt.Errorf("%w: %w", ErrStale, err)
	case errors.Is(err, registry.ErrSize):
		found.err = err
	case err != nil && !errors.Is(err, registry.ErrNotFound):
		return false, err // that may pass
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[d.Digest] = found
	return found.there, found.err
}
