package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// missing lists what the server would have to have for a manifest and has not: children
// and the config always, layers if they are to be asked for.
func (r *repoRestorer) missing(ctx context.Context, m *registry.Manifest, blobs bool) ([]string, error) {
	content, err := m.Parse()
	if err != nil {
		return nil, nil // the server will say
	}
	var missing []string
	for _, child := range content.Manifests {
		if !r.there[child.Digest] {
			missing = append(missing, r.lack(child.Digest)...)
		}
	}
	if c := content.Config; c != nil {
		there, err := r.config(ctx, c)
		if err != nil {
			return nil, err
		}
		if !there {
			missing = append(missing, c.Digest)
		}
	}
	for _, d := range content.Layers {
		if d.Foreign() || !blobs {
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

// config reads a config. Of what a server only claims to have, distribution announces
// the length and then sends nothing.
func (r *repoRestorer) config(ctx context.Context, d *registry.Descriptor) (bool, error) {
	const most = 4 << 20 // bytes
	if d.Size > most {
		return r.blob(ctx, d.Digest)
	}
	claimed, err := r.blob(ctx, d.Digest)
	if err != nil || !claimed {
		return false, err
	}
	_, err = r.to.Blob(ctx, r.name, d.Digest, most)
	if err == nil || !errors.Is(err, registry.ErrNotFound) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, registry.ErrContent) {
		return err == nil, err
	}
	return false, hint.With(fmt.Errorf("config %q: %w", d.Digest, ErrStale), "restart the registry, then try again")
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
