package apply

import (
	"context"
	"fmt"
	"slices"
)

// sweepGhosts finishes deletions that a server has begun and not ended, as it was
// restarted: distribution 2 removes a manifest before its tags, which then are listed
// and lead nowhere, and which nothing but another deletion of the manifest removes. So
// the manifest is put back and deleted again.
func (p *repository) sweepGhosts(ctx context.Context) error {
	if !slices.ContainsFunc(p.tagList, p.hasGone) {
		return nil
	}
	if err := p.survey(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	for _, t := range p.tagList {
		if !p.hasGone(t) || !p.isGhost(t.Tag) || t.Digest == "" {
			continue
		}
		if err := p.deleteAgain(ctx, t); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			p.revoke(t, fmt.Errorf("the tag is listed although its manifest is deleted: %w", err))
		}
	}
	return nil
}

func (p *repository) hasGone(t *Item) bool {
	o := p.outcome(t)
	return o == Deleted || o == Gone
}

// isGhost reports whether a tag was listed and led nowhere.
func (p *repository) isGhost(tag string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	digest, listed := p.leads[tag]
	return listed && digest == ""
}

// deleteAgain does it for one tag, and for all others of its manifest.
func (p *repository) deleteAgain(ctx context.Context, t *Item) error {
	original, err := p.original(t.Digest)
	if err != nil {
		return err
	}
	return request(ctx, func(ctx context.Context) error {
		if now := p.head(ctx, t.Digest); now.err != nil || now.digest != "" {
			return now.err // another tag has brought it back, or somebody else
		}
		if err := p.client.PutManifest(ctx, p.name, t.Digest, original); err != nil {
			return err
		}
		return p.client.DeleteManifest(ctx, p.name, t.Digest)
	})
}
