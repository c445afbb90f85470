package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// walk goes over a database, or over its chain's part of it.
type walk struct {
	*scan
	chain    chain
	cursor   string // of the first page that is not counted
	pages    int64  // counted
	joined   bool   // once
	complete bool

	named   int64 // keys on random pages
	started time.Time

	buffers [2]page
	// Of the page that is being collected.
	sizes   []int64
	refused map[string]int64 // by error code; nil if there are none
}

// run walks to the end. It connects again where that may help.
func (w *walk) run(ctx context.Context) error {
	defer w.chain.over()
	w.started = time.Now()
	for failures := 0; ; {
		before := w.pages
		err := w.connectAndWalk(ctx)
		if err == nil {
			w.complete = true
			return nil
		}
		if w.pages > before {
			failures = 0
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		failures++
		if !w.resumable(err) || failures > w.Retries {
			return err
		}
		if err := pause.For(ctx, w.Config.Backoff<<(failures-1)); err != nil {
			return err
		}
	}
}

func (w *walk) connectAndWalk(ctx context.Context) error {
	l, runID, err := open(ctx, w.scan)
	if err != nil {
		return err
	}
	defer l.close()
	if err := w.scan.joined(runID, w.joined); err != nil {
		return err
	}
	w.joined = true
	return w.walk(l)
}

// walk goes from w.cursor to the end over one connection. Two writes are under
// way at most: the sizes of page i, and SCAN for page i+2 with the sizes of i+1.
// A large page is alone: its SCAN may have been sent with the page before, but
// nothing else is under way while its sizes are asked for.
func (w *walk) walk(l *link) error {
	count := min(firstCount, w.Count)
	p, older := &w.buffers[0], &w.buffers[1]
	asked, owed := false, false // the SCAN for p; the sizes of older
	for cursor := w.cursor; ; {
		if err := w.fetch(l, p, cursor, count, asked); err != nil {
			return err
		}
		tooFar := false // where others walk
		if w.chain.beyond(p.next) && count > 1 {
			shared, err := w.chain.shared(l.ctx, p.next)
			if err != nil {
				return err
			}
			tooFar = !shared
		}
		if tooFar {
			if owed {
				if err := w.collect(l, older); err != nil {
					return err
				}
			}
			count, asked, owed = w.chain.fewer(cursor, p.next, count), false, false
			continue
		}
		if err := w.chain.finish(l.ctx, p); err != nil {
			return err
		}
		w.jump(p)
		w.plan(p)
		count = min(adapt(count, w.Count, len(p.names)), w.Pacer.Most())
		alone := len(p.names) > largePage
		if !alone {
			if err := l.ask(p, count); err != nil {
				return err
			}
		}
		if owed {
			if err := w.collect(l, older); err != nil {
				return err
			}
		}
		last := p.last
		if cursor = p.next; !alone {
			p, older = older, p
		} else if err := w.collectInBatches(l, p); err != nil {
			return err
		}
		asked, owed = !alone, !alone
		if last && owed {
			return w.collect(l, older)
		}
		if last {
			return nil
		}
	}
}

// fetch reads the page at cursor, and asks for it first unless that was done.
func (w *walk) fetch(l *link, p *page, cursor string, count int, asked bool) error {
	p.reset(count)
	if !asked {
		if err := l.askPage(cursor, count); err != nil {
			return err
		}
	}
	return scanError(p.read(l.r))
}

func scanError(err error) error {
	var reply resp.Error
	if errors.As(err, &reply) {
		return fmt.Errorf("scanning: %w", err)
	}
	return err
}
