package scan

import (
	"errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// adapt tells how many keys to ask for after a page of count keys with size
// bytes of names: as many as fill half a large page, so that neither side has to
// hold huge ones. It falls at once and grows fourfold at most, so that chance
// does not carry it away.
func adapt(count, most, size int) int {
	const grow = 4
	wanted := count * grow
	switch {
	case size > largePage:
		wanted = count * largePage / size
	case size > largePage/2:
		wanted = count
	case size > 0:
		wanted = min(wanted, count*(largePage/2)/size)
	}
	return max(1, min(wanted, most))
}

const (
	vanished   = -1
	unreadable = -2
)

// collect reads the sizes of a page's keys and counts them. Nothing is counted
// before the last of them is here, so that a page whose sizes are cut off can be
// asked for again without counting keys twice.
func (w *walk) collect(l *link, p *page) error {
	w.sizes, w.refused = w.sizes[:0], nil
	if err := w.readSizes(l, p.asked); err != nil {
		return err
	}
	w.done(p)
	return nil
}

// collectInBatches asks for the sizes of a large page itself, bit by bit.
func (w *walk) collectInBatches(l *link, p *page) error {
	w.sizes, w.refused = w.sizes[:0], nil
	for from := 0; from < p.len(); {
		next, asked, err := l.askSome(p, from)
		if err != nil {
			return err
		}
		if err := w.readSizes(l, asked); err != nil {
			return err
		}
		from = next
	}
	w.done(p)
	return nil
}

func (w *walk) done(p *page) {
	w.count(p, w.sizes, w.refused)
	w.pages++
	w.cursor = p.next
}

func (w *walk) readSizes(l *link, n int) error {
	for range n {
		size, null, err := l.r.Int()
		if null {
			size = vanished
		}
		if err != nil {
			var reply resp.Error
			if !errors.As(err, &reply) || Passing(err) {
				return err
			}
			if w.refused == nil {
				w.refused = map[string]int64{}
			}
			w.refused[reply.Code()]++
			size = unreadable
		}
		w.sizes = append(w.sizes, size)
	}
	return nil
}
