package apply

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// annotation marks a placeholder, and makes it unlike any other manifest.
const annotation = "dev.kubectl-suite.regprune/placeholder"

// placeholder reports whether a tag leads to what this or an earlier run pushed over it.
func (p *repository) placeholder(tag, digest string) bool {
	return digest != "" && slices.Contains(p.placeholders[tag], digest)
}

// overwrite removes a tag whose manifest stays. The journal knows the placeholder
// before the server does, so that a run which was killed in between is cleaned up
// after.
func (p *repository) overwrite(ctx context.Context, i *Item) landing {
	if err := p.refresh(ctx); err != nil || ctx.Err() != nil || p.outcome(i) != Remaining {
		return landing{item: i}
	}
	if why := p.staying(i); why != "" {
		return skip(i, why)
	}
	if now := p.head(ctx, i.Tag); now.err == nil && p.placeholder(i.Tag, now.digest) {
		return p.takeAway(ctx, i, now.digest)
	}
	if !p.opts.UntagByOverwrite {
		return skip(i, Shared)
	}
	config, err := p.configOf(ctx, i.Digest)
	if err != nil {
		return p.trouble(ctx, i, err)
	}
	if config == nil {
		return skip(i, Unwritable)
	}
	return p.pushOver(ctx, i, *config)
}

// pushOver moves the tag to a placeholder, and takes that away.
func (p *repository) pushOver(ctx context.Context, i *Item, config registry.Descriptor) landing {
	temporary, err := newPlaceholder(config)
	if err != nil {
		return p.trouble(ctx, i, err)
	}
	p.mu.Lock()
	p.placeholders[i.Tag] = append(p.placeholders[i.Tag], temporary.Digest)
	p.mu.Unlock()
	p.journal.Write(backup.Line{Kind: backup.LineOverwrite, Repo: p.name, Tag: i.Tag, Digest: i.Digest, Temporary: temporary.Digest})
	if err := p.journal.Sync(); err != nil {
		p.stop(err)
		return landing{item: i}
	}
	if l, same := p.compare(ctx, i); !same {
		return l
	}
	err = request(ctx, func(ctx context.Context) error {
		return p.client.PutManifest(p.whileAt(ctx, i.Tag, i.Digest, temporary.Digest), p.name, i.Tag, temporary)
	})
	if errors.Is(err, errChanged) {
		if l, same := p.compare(ctx, i); !same {
			return p.withoutPlaceholder(ctx, l, temporary.Digest)
		}
	}
	if err != nil {
		return p.trouble(ctx, i, p.putBack(ctx, i, temporary.Digest, fmt.Errorf("pushing a placeholder: %w", err)))
	}
	return p.takeAway(ctx, i, temporary.Digest)
}

// withoutPlaceholder is l after the deletion of a placeholder that may have been pushed.
func (p *repository) withoutPlaceholder(ctx context.Context, l landing, temporary string) landing {
	err := request(context.WithoutCancel(ctx), func(ctx context.Context) error { return p.client.DeleteManifest(ctx, p.name, temporary) })
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return p.trouble(ctx, l.item, fmt.Errorf("deleting placeholder %q: %w", temporary, err))
	}
	return l
}

// takeAway deletes a placeholder and the tag with it, and makes sure that this is all
// that has happened.
func (p *repository) takeAway(ctx context.Context, i *Item, temporary string) landing {
	err := request(context.WithoutCancel(ctx), func(ctx context.Context) error {
		err := p.client.DeleteManifest(ctx, p.name, temporary)
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return fmt.Errorf("deleting a placeholder: %w", err)
		}
		now, err := p.client.Head(ctx, p.name, i.Tag)
		switch {
		case err == nil && now.Digest == temporary:
			return fmt.Errorf("deleting a placeholder: tag %q still leads to it", i.Tag)
		case err != nil && !errors.Is(err, registry.ErrNotFound):
			return err
		}
		if _, err := p.client.Head(ctx, p.name, i.Digest); err != nil {
			return fmt.Errorf("looking whether manifest %q is still there: %w", i.Digest, err)
		}
		return nil
	})
	if err != nil {
		return p.trouble(ctx, i, p.putBack(ctx, i, temporary, err))
	}
	return p.conclude(ctx, i, nil)
}

// putBack makes the tag lead where it did, if it leads to the placeholder or nowhere.
// It returns err, with what went wrong on the way.
func (p *repository) putBack(ctx context.Context, i *Item, temporary string, err error) error {
	ctx = context.WithoutCancel(ctx)
	now, headErr := p.client.Head(ctx, p.name, i.Tag)
	if headErr == nil && now.Digest != temporary {
		return err // it was never moved, or somebody has pushed it since
	}
	failed := func(cause error) error {
		return errors.Join(err, fmt.Errorf("putting tag %q back to %q: %w", i.Tag, i.Digest, cause))
	}
	original, readErr := p.original(i.Digest)
	if readErr != nil {
		return failed(readErr)
	}
	if putErr := p.client.PutManifest(p.whileAt(ctx, i.Tag, temporary, "", i.Digest), p.name, i.Tag, original); putErr != nil {
		return failed(putErr)
	}
	deleteErr := p.client.DeleteManifest(ctx, p.name, temporary)
	if deleteErr != nil && !errors.Is(deleteErr, registry.ErrNotFound) {
		return errors.Join(err, fmt.Errorf("deleting placeholder %q: %w", temporary, deleteErr))
	}
	return err
}

// original is a manifest as the backup has it.
func (p *repository) original(digest string) (*registry.Manifest, error) {
	for _, r := range p.backup.Index.Repos {
		if r.Name != p.name {
			continue
		}
		for _, m := range r.Manifests {
			if m.Digest == digest {
				return p.backup.Manifest(m)
			}
		}
	}
	return nil, fmt.Errorf("manifest %q is not in the backup", digest)
}

// configOf is a config that is in the repository: that of the manifest, or of the
// first image in an index. It is nil if there is none.
func (p *repository) configOf(ctx context.Context, digest string) (*registry.Descriptor, error) {
	const deep = 5
	for range deep {
		if digest == "" {
			break
		}
		m, err := p.client.Manifest(ctx, p.name, digest)
		if errors.Is(err, registry.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		content, err := m.Parse()
		if err != nil {
			return nil, err
		}
		if content.Kind != registry.Index || len(content.Manifests) == 0 {
			return content.Config, nil
		}
		digest = content.Manifests[0].Digest
	}
	return nil, nil
}

// newPlaceholder is a manifest with a config that exists, no layers, and a digest
// that nothing else has.
func newPlaceholder(config registry.Descriptor) (*registry.Manifest, error) {
	body, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     registry.OCIManifest,
		"config":        registry.Descriptor{MediaType: config.MediaType, Digest: config.Digest, Size: config.Size},
		"layers":        []registry.Descriptor{},
		"annotations":   map[string]string{annotation: rand.Text()},
	})
	if err != nil {
		return nil, fmt.Errorf("making a placeholder: %w", err)
	}
	return &registry.Manifest{MediaType: registry.OCIManifest, Digest: registry.Digest(body), Body: body}, nil
}
