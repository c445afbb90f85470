package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// errAgain is what is wrong with an item that this run has deleted and that is there.
var errAgain = errors.New("the registry said that it was deleted, and has it: it was pushed again, or the deletion had no effect")

// doneTags are the planned tags that are done by now: if a list that is asked for
// after this still has one, somebody has made it anew.
func (p *repository) doneTags() map[string]bool {
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	done := map[string]bool{}
	for _, t := range p.tagList {
		if t.Outcome == Deleted || t.Outcome == Gone || t.Reason == Moved {
			done[t.Tag] = true
		}
	}
	return done
}

// findAgain notes which tags of done lead again where the plan says. They have
// nothing to do with the plan any more.
func (p *repository) findAgain(done map[string]bool, leads map[string]string) {
	for tag := range done {
		i := p.tags[tag]
		if digest := leads[tag]; digest != "" && digest == i.Digest {
			p.isBack(i)
		}
	}
}

// isBack notes that an item was done and is there.
func (p *repository) isBack(i *Item) {
	p.mu.Lock()
	p.again[i.id()] = true
	p.mu.Unlock()
	switch {
	case !p.hasGone(i):
	case p.earlier[i]:
		p.revise(i, Skipped, PushedAgain, nil)
	default:
		p.revise(i, Failed, PushedAgain, errAgain)
	}
}

// askAgain asks for manifests that are done. Tags are in the list of them all.
func (p *repository) askAgain(ctx context.Context, done []*Item) (back int, err error) {
	there, err := p.there(ctx, done)
	if err != nil {
		return 0, err
	}
	for _, i := range there {
		if err := p.explain(ctx, i.Digest); err != nil {
			return 0, fmt.Errorf("reading manifest %q: %w", i.Digest, err)
		}
		p.isBack(i)
	}
	return len(there), nil
}

// doneManifests are those that this run or an earlier one has deleted.
func (p *repository) doneManifests() []*Item {
	return slices.DeleteFunc(slices.Clone(p.manifestList), func(i *Item) bool { return !p.hasGone(i) })
}

// askSome asks for some of the manifests that are done, and for all of them if one is
// there: a deletion that has no effect is no accident, and what was pushed again has a
// tag that leads to it.
func (p *repository) askSome(ctx context.Context) error {
	const some = 64
	done := p.doneManifests()
	step := max(1, (len(done)+some-1)/some)
	var list []*Item
	for n := 0; n < len(done); n += step {
		list = append(list, done[n])
	}
	back, err := p.askAgain(ctx, list)
	if err == nil && back > 0 && step > 1 {
		_, err = p.askAgain(ctx, p.doneManifests())
	}
	return err
}

// there are those of some manifests that the server has.
func (p *repository) there(ctx context.Context, items []*Item) ([]*Item, error) {
	var there []*Item
	for n, l := range fanout.Run(ctx, items, fanout.Limits[*Item]{Total: p.opts.Parallel}, func(ctx context.Context, i *Item) lead {
		return p.head(ctx, i.Digest)
	}) {
		if l.err != nil {
			return nil, fmt.Errorf("asking for manifest %q: %w", items[n].Digest, l.err)
		}
		if l.digest != "" {
			there = append(there, items[n])
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return there, nil
}

// look lists the tags and asks for those that were not there before, or were done.
// That costs the server less than deleting a manifest, for which it goes through all
// tags, too.
func (p *repository) look(ctx context.Context) error {
	start := time.Now()
	done := p.doneTags()
	names, err := p.list(ctx)
	if err != nil {
		return err
	}
	var ask []string
	p.mu.Lock()
	for _, name := range names {
		_, seen := p.leads[name]
		if !seen || done[name] && !p.again[p.tags[name].id()] {
			ask = append(ask, name)
		}
	}
	p.mu.Unlock()
	found := map[string]string{}
	if err := p.ask(ctx, ask, found); err != nil {
		return err
	}
	p.findAgain(done, found)
	p.mu.Lock()
	defer p.mu.Unlock()
	for tag, digest := range found {
		p.leads[tag] = digest
	}
	p.listed = start
	if _, seen := p.usage(); len(found) > 0 || seen != p.useSeen {
		p.protect()
	}
	return nil
}

// list lists the tags; a repository that is not there has none.
func (p *repository) list(ctx context.Context) ([]string, error) {
	names, err := p.client.Tags(ctx, p.name)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return nil, fmt.Errorf("listing tags: %w", err)
	}
	return names, nil
}

// ask finds out where tags lead, and what all needs that is not known yet.
func (p *repository) ask(ctx context.Context, tags []string, leads map[string]string) error {
	for i, l := range fanout.Run(ctx, tags, fanout.Limits[string]{Total: p.opts.Parallel}, p.head) {
		if l.err != nil {
			return fmt.Errorf("asking for tag %q: %w", tags[i], l.err)
		}
		leads[l.tag] = l.digest
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	names := map[string]string{} // of what is to be read, for errors
	p.mu.Lock()
	for digest, stays := range p.stayers {
		if stays && !p.known[digest] {
			names[digest] = fmt.Sprintf("manifest %q", digest)
		}
	}
	for tag, digest := range leads {
		if !p.known[digest] {
			names[digest] = fmt.Sprintf("what tag %q leads to", tag)
		}
	}
	p.mu.Unlock()
	return p.explainAll(ctx, names)
}

func (p *repository) explainAll(ctx context.Context, names map[string]string) error {
	var digests []string
	for digest := range names {
		digests = append(digests, digest)
	}
	for n, err := range fanout.Run(ctx, digests, fanout.Limits[string]{Total: p.opts.Parallel}, func(ctx context.Context, digest string) error {
		return p.explain(ctx, digest)
	}) {
		if err != nil {
			return fmt.Errorf("reading %s: %w", names[digests[n]], err)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
