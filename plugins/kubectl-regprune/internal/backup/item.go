package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// manifest looks after one manifest, without a tag.
func (r *repoRestorer) manifest(ctx context.Context, m Manifest) Outcome {
	o := Outcome{Repo: r.name, Digest: m.Digest}
	_, err := r.to.Head(ctx, r.name, m.Digest)
	switch {
	case err == nil:
		o.Status = Present
		return o
	case !errors.Is(err, registry.ErrNotFound):
		return o.failed(err)
	case m.Missing:
		o.Status, o.Missing = Impossible, []string{m.Digest}
		return o
	}
	body, err := r.backup.Manifest(m)
	if err != nil {
		return o.failed(err)
	}
	if o.Missing, err = r.missing(ctx, body); err != nil {
		return o.failed(err)
	}
	switch {
	case len(o.Missing) > 0:
		o.Status = Impossible
		return o
	case r.opts.Check:
		o.Status = Restorable
		return o
	}
	return r.put(ctx, o, m.Digest, body)
}

// put writes and reads again.
func (r *repoRestorer) put(ctx context.Context, o Outcome, ref string, body *registry.Manifest) Outcome {
	if err := r.ending.now(); err != nil {
		return o.failed(err)
	}
	if err := r.to.PutManifest(ctx, r.name, ref, body); err != nil {
		return o.failed(err)
	}
	back, err := r.to.Manifest(ctx, r.name, ref)
	switch {
	case errors.Is(err, registry.ErrNotFound): // so it did not write what it believed to have
		return o.failed(hint.With(fmt.Errorf("%w: it took the manifest, and then: %w", ErrStale, err), "restart the registry, then try again"))
	case err != nil:
		return o.failed(err)
	case back.Digest != body.Digest:
		return o.failed(fmt.Errorf("the server now has %q there", back.Digest))
	}
	o.Status = Restored
	return o
}

// tag looks after one tag.
func (r *repoRestorer) tag(ctx context.Context, t Tag) Outcome {
	o := Outcome{Repo: r.name, Tag: t.Name, Digest: t.Digest}
	now, err := r.to.Head(ctx, r.name, t.Name)
	switch {
	case err == nil && now.Digest == t.Digest:
		o.Status = Present
		return o
	case err == nil && !r.opts.Force:
		o.Status, o.Now = Moved, now.Digest
		return o
	case err == nil:
		o.Now = now.Digest
	case !errors.Is(err, registry.ErrNotFound):
		return o.failed(err)
	}
	switch {
	case r.fails[t.Digest] != nil:
		return o.failed(r.fails[t.Digest])
	case !r.there[t.Digest]:
		o.Status, o.Missing = Impossible, r.lack(t.Digest)
		return o
	case r.opts.Check:
		o.Status = Restorable
		return o
	}
	body, err := r.backup.Manifest(r.manifests[t.Digest])
	if r.manifests[t.Digest].Missing {
		body, err = r.to.Manifest(ctx, r.name, t.Digest)
	}
	if err != nil {
		return o.failed(err)
	}
	done := r.put(r.unlessMoved(ctx, t, now.Digest), o, t.Name, body)
	if errors.Is(done.Err, errMoved) {
		return r.tag(ctx, t)
	}
	return done
}

var errMoved = errors.New("the tag leads elsewhere by now")

// unlessMoved has a request repeated only while t leads where it did: a server may take
// minutes to accept it.
func (r *repoRestorer) unlessMoved(ctx context.Context, t Tag, before string) context.Context {
	return registry.WithRepeat(ctx, func(ctx context.Context) error {
		now, err := r.to.Head(ctx, r.name, t.Name)
		switch {
		case errors.Is(err, registry.ErrNotFound), err == nil && (now.Digest == before || now.Digest == t.Digest):
			return nil
		case err == nil:
			return errMoved
		}
		return err
	})
}

func (o Outcome) failed(err error) Outcome {
	o.Status, o.Err = Failed, err
	return o
}
