package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// lead is where one tag leads.
type lead struct {
	tag, digest string // "" if the manifest is missing
	err         error
}

// survey lists the repository's tags and asks where they lead, but for those that
// are compared by themselves before they are deleted, and works out what stays. Tags
// that are to go and are not listed any more are done.
func (p *repository) survey(ctx context.Context, compared func(tag string) bool) error {
	start := time.Now()
	names, err := p.client.Tags(ctx, p.name)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return fmt.Errorf("listing tags: %w", err)
	}
	leads := make(map[string]string, len(names))
	var ask []string
	for _, name := range names {
		if i := p.tags[name]; i != nil && compared(name) {
			leads[name] = i.Digest
			continue
		}
		ask = append(ask, name)
	}
	for i, l := range fanout.Run(ctx, ask, fanout.Limits[string]{Total: p.opts.Parallel}, p.head) {
		if l.err != nil {
			return fmt.Errorf("asking for tag %q: %w", ask[i], l.err)
		}
		leads[l.tag] = l.digest
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for tag, digest := range leads {
		if err := p.explain(ctx, digest); err != nil {
			return fmt.Errorf("reading what tag %q leads to: %w", tag, err)
		}
	}
	var gone []landing
	for _, i := range p.tagList {
		if _, listed := leads[i.Tag]; !listed {
			gone = append(gone, landing{item: i, outcome: Gone})
		}
	}
	p.land(gone...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads, p.surveyed, p.cost = leads, time.Now(), time.Since(start)
	p.protect()
	return nil
}

// head asks where a tag leads.
func (p *repository) head(ctx context.Context, tag string) lead {
	select {
	case p.reads <- struct{}{}:
		defer func() { <-p.reads }()
	case <-ctx.Done():
		return lead{tag: tag, err: context.Cause(ctx)}
	}
	d, err := p.client.Head(ctx, p.name, tag)
	if errors.Is(err, registry.ErrNotFound) {
		return lead{tag: tag}
	}
	return lead{tag, d.Digest, err}
}

// explain finds out what a manifest needs that is new since the plan, at any depth.
// What cannot be told is an error: nothing of the repository may be deleted then.
func (p *repository) explain(ctx context.Context, digest string) error {
	for queue := []string{digest}; len(queue) > 0; queue = queue[1:] {
		d := queue[0]
		p.mu.Lock()
		known := d == "" || p.known[d]
		p.mu.Unlock()
		if known {
			continue
		}
		var below []string
		m, err := p.client.Manifest(ctx, p.name, d)
		if err == nil {
			var content *registry.Content
			if content, err = m.Parse(); err == nil {
				below = needs(content)
			}
		}
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
		p.mu.Lock()
		p.known[d], p.extra[d] = true, below
		p.mu.Unlock()
		queue = append(queue, below...)
	}
	return nil
}

// refresh surveys all tags again if the last survey is too old, and takes over what
// clusters use by now.
func (p *repository) refresh(ctx context.Context) error {
	if err := p.recheck(ctx); err != nil {
		return err
	}
	p.surveying.Lock()
	defer p.surveying.Unlock()
	p.mu.Lock()
	old := time.Since(p.surveyed) > max(p.opts.FreshFor, 20*p.cost)
	p.mu.Unlock()
	if old {
		return p.survey(ctx, func(string) bool { return false })
	}
	p.useKnown()
	return nil
}

// useKnown works out again what stays, if there is a new answer about the use.
func (p *repository) useKnown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, seen := p.usage(); seen != p.useSeen {
		p.protect()
	}
}

// moved notes where a tag leads now.
func (p *repository) moved(ctx context.Context, tag, digest string) error {
	if err := p.explain(ctx, digest); err != nil {
		return fmt.Errorf("reading what tag %q leads to: %w", tag, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads[tag] = digest
	p.protect()
	return nil
}
