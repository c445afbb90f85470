package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	done := p.doneTags()
	names, err := p.list(ctx)
	if err != nil {
		return err
	}
	leads := make(map[string]string, len(names))
	var ask []string
	for _, name := range names {
		if i := p.tags[name]; i != nil && compared(name) && !done[name] {
			leads[name] = i.Digest
			continue
		}
		ask = append(ask, name)
	}
	if err := p.ask(ctx, ask, leads); err != nil {
		return err
	}
	p.findAgain(done, leads)
	var gone []landing
	for _, i := range p.tagList {
		if _, listed := leads[i.Tag]; !listed {
			gone = append(gone, landing{item: i, outcome: Gone})
		}
	}
	p.land(gone...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads, p.listed, p.surveyed, p.cost = leads, start, time.Now(), time.Since(start)
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
		below, err := p.below(ctx, d)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.known[d], p.extra[d] = true, below
		p.mu.Unlock()
		queue = append(queue, below...)
	}
	return nil
}

// below is what a manifest needs; one that is not there needs nothing.
func (p *repository) below(ctx context.Context, digest string) ([]string, error) {
	m, err := p.client.Manifest(ctx, p.name, digest)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	content, err := m.Parse()
	switch {
	case err != nil && p.stayers[digest]:
		return nil, nil // the plan has judged what nobody can read
	case err != nil:
		return nil, err
	case p.stayers[digest]:
		content.Subject = nil // that may go
	}
	return needs(content), nil
}

// refresh lists the tags once more if the last list is too old, asks for all of them if
// the last survey is, and takes over what clusters use by now.
func (p *repository) refresh(ctx context.Context) error {
	if err := p.recheck(ctx); err != nil {
		return err
	}
	called := time.Now()
	p.surveying.Lock()
	defer p.surveying.Unlock()
	p.mu.Lock()
	old := time.Since(p.surveyed) > max(p.opts.FreshFor, 20*p.cost)
	listed := !p.listed.Before(called) || time.Since(p.listed) < p.opts.ListedFor // perhaps while this one was waiting
	p.mu.Unlock()
	switch {
	case old:
		return p.survey(ctx, func(string) bool { return false })
	case listed:
		p.useKnown()
		return nil
	}
	return p.look(ctx)
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
