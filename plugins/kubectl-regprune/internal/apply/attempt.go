package apply

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// grace is how long requests may take that are under way when a run is stopped.
const grace = 10 * time.Second

// request calls f such that the end of ctx does not cut it off at once: whether the
// server did what it was asked would not be known.
func request(ctx context.Context, f func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	return f(work)
}

// errChanged ends a request that is not to be repeated.
var errChanged = errors.New("what it is about has changed")

// attempt deletes an item that free has let go. A server may turn the request down for
// minutes: before it is sent again, free is asked again.
func (p *repository) attempt(ctx context.Context, i *Item, free func(context.Context, *Item) (landing, bool), send func(context.Context) error) landing {
	var changed landing
	err := request(ctx, func(ctx context.Context) error {
		return send(registry.WithRepeat(ctx, func(ctx context.Context) error {
			l, ok := free(ctx, i)
			if ok || l.outcome == Gone { // perhaps by the request before
				return nil
			}
			changed = l
			return errChanged
		}))
	})
	if errors.Is(err, errChanged) {
		return p.unlessDone(ctx, changed)
	}
	return p.conclude(ctx, i, err)
}

// unlessDone is l, which spares an item whose deletion was not repeated, if the first
// request has not deleted it: a gateway may have given up waiting for a server that did.
// Then it is put back, with the tags that went with it.
func (p *repository) unlessDone(ctx context.Context, l landing) landing {
	i := l.item
	ref := cmp.Or(i.Tag, i.Digest)
	now := p.head(ctx, ref)
	if now.err == nil && now.digest == "" && l.outcome == Skipped && l.reason != Moved {
		l.outcome, l.err = Failed, p.bringBack(ctx, ref, i.Digest, errNeeded)
		for _, t := range p.tagsOf(i.Digest) {
			if i.Tag == "" && !p.tagsOwn {
				l.err = errors.Join(l.err, p.bringBack(ctx, t.Tag, t.Digest, nil))
			}
		}
	}
	return l
}

// whileAt has requests with the context it returns repeated only while a tag or
// digest leads to one of digests, "" for nowhere.
func (p *repository) whileAt(ctx context.Context, ref string, digests ...string) context.Context {
	return registry.WithRepeat(ctx, func(ctx context.Context) error {
		now := p.head(ctx, ref)
		if now.err == nil && !slices.Contains(digests, now.digest) {
			return errChanged
		}
		return now.err
	})
}
