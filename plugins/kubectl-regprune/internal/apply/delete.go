package apply

import (
	"context"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// perRepository is how many manifests of one repository are deleted at once where
// all tags go with their manifests: the server then reads each tag of the repository
// for each of them, and more at once make all slower.
const perRepository = 2

// execute deletes what is to go from the repository.
func (p *repository) execute(ctx context.Context) error {
	// What earlier runs have deleted and is back stays, with all below it.
	if _, err := p.askAgain(ctx, p.doneManifests()); err != nil {
		p.unsure(ctx, err)
		return err
	}
	way := p.digestsOnly
	if p.tagsOwn {
		way = p.tagsFirst
	}
	if err := way(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.unsure(ctx, p.afterwards(ctx))
	return nil
}

// tagsFirst is for servers that delete a tag at little cost. Tags of signatures are
// the last, as what they belong to may turn out to stay.
func (p *repository) tagsFirst(ctx context.Context) error {
	if err := p.survey(ctx, func(string) bool { return true }); err != nil {
		return err
	}
	var images, attached []*Item
	for _, i := range p.tagList {
		if graph.AttachedTo(i.Tag) == "" {
			images = append(images, i)
		} else {
			attached = append(attached, i)
		}
	}
	p.each(ctx, images, p.opts.Parallel, p.dropTag)
	if err := p.survey(ctx, func(tag string) bool { return graph.AttachedTo(tag) != "" }); err != nil {
		return err
	}
	p.each(ctx, attached, p.opts.Parallel, p.dropTag)
	if err := p.survey(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	return p.dropManifests(ctx, p.opts.Parallel)
}

// digestsOnly is for servers that delete a manifest with all of its tags.
func (p *repository) digestsOnly(ctx context.Context) error {
	if err := p.survey(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	var untag []*Item
	for _, i := range p.tagList {
		if p.untag[i.Tag] {
			untag = append(untag, i)
		}
	}
	p.each(ctx, untag, 1, p.overwrite)
	if err := p.dropManifests(ctx, perRepository); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.settleTags(ctx)
}

// dropTag deletes a tag if it leads where the plan says.
func (p *repository) dropTag(ctx context.Context, i *Item) landing {
	if l, ok := p.freeTag(ctx, i); !ok {
		return l
	}
	return p.attempt(ctx, i, p.freeTag, func(ctx context.Context) error { return p.client.DeleteTag(ctx, p.name, i.Tag) })
}

// freeTag reports whether a tag may go now. Otherwise the landing says how it stands.
func (p *repository) freeTag(ctx context.Context, i *Item) (landing, bool) {
	if err := p.recheck(ctx); err != nil || ctx.Err() != nil || p.outcome(i) != Remaining {
		return landing{item: i}, false
	}
	p.useKnown()
	if why := p.staying(i); why != "" {
		return skip(i, why), false
	}
	return p.compare(ctx, i)
}

// compare asks where a tag leads and reports whether that is what the plan says.
// Otherwise the landing says how it stands with the tag.
func (p *repository) compare(ctx context.Context, i *Item) (landing, bool) {
	now := p.head(ctx, i.Tag)
	switch {
	case now.err != nil:
		return p.trouble(ctx, i, now.err), false
	case now.digest == i.Digest:
		return landing{}, true // also a ghost that still is one
	case now.digest == "":
		return landing{item: i, outcome: Gone}, false
	}
	if err := p.moved(ctx, i.Tag, now.digest); err != nil {
		// Nobody knows what must stay now.
		p.failRest(err)
		return landing{item: i, outcome: Failed, err: err}, false
	}
	l := skip(i, Moved)
	l.now = now.digest
	return l, false
}

func (p *repository) dropManifests(ctx context.Context, most int) error {
	for _, round := range p.rounds {
		p.each(ctx, round, most, p.dropManifest)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// dropManifest deletes a manifest that nothing which stays needs.
func (p *repository) dropManifest(ctx context.Context, i *Item) landing {
	l, ok := p.freeManifest(ctx, i)
	if ok {
		l = p.attempt(ctx, i, p.freeManifest, func(ctx context.Context) error { return p.client.DeleteManifest(ctx, p.name, i.Digest) })
	}
	return p.withTags(l)
}

// freeManifest reports whether a manifest may go now. Otherwise the landing says how it
// stands.
func (p *repository) freeManifest(ctx context.Context, i *Item) (landing, bool) {
	if err := p.refresh(ctx); err != nil {
		return p.trouble(ctx, i, err), false // nobody knows what must stay now; the next one asks again
	}
	if ctx.Err() != nil || p.outcome(i) != Remaining {
		return landing{item: i}, false
	}
	if why := p.staying(i); why != "" {
		return skip(i, why), false
	}
	for _, above := range p.above[i.Digest] {
		if m := p.manifests[above]; m != nil && m != i {
			if o := p.outcome(m); o != Deleted && o != Gone && p.before(m, i) {
				return skip(i, ParentStays), false
			}
		}
	}
	if !p.tagsOwn {
		return p.compareTags(ctx, i)
	}
	return landing{}, true
}

// before reports whether m is of an earlier round than i: it is not where tags of
// attachments form a circle.
func (p *repository) before(m, i *Item) bool {
	for _, round := range p.rounds {
		switch {
		case slices.Contains(round, i):
			return false
		case slices.Contains(round, m):
			return true
		}
	}
	return false
}

// compareTags asks where the tags lead that would go with a manifest, and reports
// whether it may still go.
func (p *repository) compareTags(ctx context.Context, i *Item) (landing, bool) {
	for _, t := range p.tagsOf(i.Digest) {
		if l, same := p.compare(ctx, t); !same {
			p.land(l)
			if ctx.Err() != nil || l.outcome == Failed || l.outcome == Remaining {
				return landing{item: i, outcome: l.outcome, err: l.err}, false
			}
		}
	}
	if why := p.staying(i); why != "" {
		return skip(i, why), false
	}
	return landing{}, true
}

// tagsOf are the tags that the plan deletes with a manifest, and that are not done.
func (p *repository) tagsOf(digest string) []*Item {
	var list []*Item
	for _, t := range p.byDigest[digest] {
		if p.outcome(t) == Remaining {
			list = append(list, t)
		}
	}
	return list
}

// withTags notes how it went with the tags of a manifest, where they share its fate.
func (p *repository) withTags(l landing) landing {
	if p.tagsOwn || l.outcome == Remaining {
		return l
	}
	all := []landing{l}
	for _, t := range p.tagsOf(l.item.Digest) {
		tag := landing{item: t, outcome: l.outcome, err: l.err}
		if l.outcome == Skipped {
			if tag.reason = p.staying(t); tag.reason == "" {
				tag.reason = TagStays
			}
		}
		all = append(all, tag)
	}
	p.land(all...)
	return l
}

// settleTags looks at tags whose manifest was done before, by an earlier run that
// could not write that down.
func (p *repository) settleTags(ctx context.Context) error {
	for _, t := range p.tagList {
		if p.outcome(t) != Remaining {
			continue
		}
		l, same := p.compare(ctx, t)
		if same {
			l = skip(t, PushedAgain)
		}
		p.land(l)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}
