package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// What is wrong with things that had to be looked after.
var (
	errNeeded = errors.New("something that stays needs it by now: it was deleted, and has been put back")
	errLost   = errors.New("the tag was not to go and went with its image, as it was pushed in the last moment: it has been put back")
	errAway   = errors.New("the tag was not to go, and is not there any more: somebody has deleted it, or moved it to an image in the last moment before that went")
)

// afterwards looks whether what was deleted is gone, and nothing else.
func (p *repository) afterwards(ctx context.Context) error {
	if !slices.ContainsFunc(slices.Concat(p.tagList, p.manifestList), p.hasGone) {
		return nil
	}
	if err := p.survey(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	if !p.tagsOwn {
		if err := p.sweepGhosts(ctx); err != nil {
			return err
		}
	}
	return p.mend(ctx)
}

// unsure ends the run if it could not be told what is gone, so that it is resumed and
// asked for again.
func (p *repository) unsure(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	if lasting(err) {
		p.stop(refusal(err))
		return
	}
	p.stop(hint.With(fmt.Errorf("repository %q: looking whether what was deleted is gone, and nothing else: %w", p.name, err),
		"see to the registry, then resume this run"))
}

// mend finds deletions without effect, and puts back what went and is needed.
func (p *repository) mend(ctx context.Context) error {
	if err := p.askSome(ctx); err != nil {
		return err
	}
	vanished := p.vanished()
	stays, tagStays := p.needed(vanished)
	for _, round := range slices.Backward(p.rounds) { // children first
		for _, i := range round {
			if stays[i.Digest] != "" && p.hasGone(i) {
				p.revise(i, Failed, Needed, p.bringBack(ctx, i.Digest, i.Digest, errNeeded))
			}
		}
	}
	for _, t := range p.tagList { // of signatures, and of images in use
		if why := tagStays[t.Tag]; (why == Needed || why == InUse) && p.hasGone(t) {
			p.revise(t, Failed, why, p.bringBack(ctx, t.Tag, t.Digest, errNeeded))
		}
	}
	for _, t := range vanished {
		t.Err = errAway
		if m := p.manifests[t.Digest]; m != nil && errors.Is(m.Err, errNeeded) {
			t.Err = p.bringBack(ctx, t.Tag, t.Digest, errLost)
		}
	}
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	p.lost = append(p.lost, vanished...)
	return nil
}

// vanished are the tags that were seen, were not to go, and are not there any more.
func (p *repository) vanished() []*Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Item
	for tag, digest := range p.roots {
		if i := p.tags[tag]; digest == "" || p.leads[tag] != "" || i != nil && p.hasGone(i) {
			continue
		}
		list = append(list, &Item{Repo: p.name, Tag: tag, Digest: digest, Outcome: Failed})
	}
	slices.SortFunc(list, func(a, b *Item) int { return strings.Compare(a.Tag, b.Tag) })
	return list
}

// needed is what the tags need that are there or have vanished, and what belongs to
// manifests that were to go and are there. What clusters use is not asked: it was
// deleted when they did not.
func (p *repository) needed(vanished []*Item) (manifests, tags map[string]Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := newClosure(p)
	c.addTagged()
	for _, t := range vanished {
		c.add(t.Digest, Retagged)
	}
	for _, i := range p.manifestList {
		switch there := !p.hasGone(i); {
		case there && i.Reason == InUse:
			c.keepUsed(i.Digest)
		case there:
			c.add(i.Digest, Needed)
		}
	}
	c.complete()
	return c.stays, c.tagStays
}

// bringBack puts a manifest or tag back from the backup, and returns done, or why it
// could not be.
func (p *repository) bringBack(ctx context.Context, ref, digest string, done error) error {
	original, err := p.original(digest)
	if err == nil {
		err = request(ctx, func(ctx context.Context) error {
			now, err := p.client.Head(ctx, p.name, ref)
			switch {
			case err == nil && now.Digest == digest:
				return nil
			case err == nil:
				return fmt.Errorf("it leads to %q now", now.Digest)
			case !errors.Is(err, registry.ErrNotFound):
				return err
			}
			return p.client.PutManifest(p.whileAt(ctx, ref, "", digest), p.name, ref, original)
		})
	}
	if err != nil {
		return fmt.Errorf("it was deleted, is needed, and could not be put back: %w", err)
	}
	return done
}
