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
	for _, t := range p.tagList {
		if !p.hasGone(t) || !p.isGhost(t.Tag) || t.Digest == "" || p.absent[t.Digest] {
			continue
		}
		// Who resumes a run that is killed here may delete what it has put back.
		p.reopen(t.Digest)
		if err := p.journal.Sync(); err != nil {
			return err
		}
		err := p.deleteAgain(ctx, t)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.closeAgain(t, err)
	}
	return nil
}

// reopen has the journal forget what was done to a manifest and its tags. This
// process still knows.
func (p *repository) reopen(digest string) {
	for _, i := range p.family(digest) {
		p.journal.Write(line(i, Remaining, "", nil))
	}
}

// closeAgain has the journal know it again.
func (p *repository) closeAgain(t *Item, err error) {
	for _, i := range p.family(t.Digest) {
		switch {
		case err != nil && i == t:
			p.revise(i, Failed, "", fmt.Errorf("the tag is listed although its manifest is deleted: %w", err))
		default:
			p.journal.Write(line(i, p.outcome(i), "", nil))
		}
	}
}

// family is a manifest that goes with all of its tags, as far as they are gone.
func (p *repository) family(digest string) []*Item {
	list := slices.Clone(p.byDigest[digest])
	if m := p.manifests[digest]; m != nil {
		list = append(list, m)
	}
	return slices.DeleteFunc(list, func(i *Item) bool { return !p.hasGone(i) })
}

func (p *repository) hasGone(i *Item) bool {
	o := p.outcome(i)
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
