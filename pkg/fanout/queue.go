package fanout

import "container/heap"

// queue decides which item starts next. It is used by one goroutine only.
//
// An item that meets a full group is parked there, and looked at again only when
// that group has room, so that a group with ten thousand waiting items costs the
// others nothing. For every group with room and parked items, the first of them is
// a candidate: whenever one leaves the candidates, its group sends the next.
type queue struct {
	total      int
	groups     [][]*group // by item: the groups it belongs to
	cursor     int        // items from here on were never looked at
	candidates waiting    // items that were parked, and may start now
	running    int
}

// group is what shares one bound.
type group struct {
	most    int
	running int
	parked  waiting
	sent    bool // one of its items is a candidate
}

func (g *group) full() bool { return g.running >= g.most }

func newQueue[T any](items []T, limits Limits[T]) *queue {
	q := &queue{total: limits.Total, groups: make([][]*group, len(items))}
	for _, c := range limits.Caps {
		if c.Most <= 0 || c.Group == nil {
			continue
		}
		known := map[string]*group{}
		for i, item := range items {
			name := c.Group(item)
			if name == "" {
				continue
			}
			if known[name] == nil {
				known[name] = &group{most: c.Most}
			}
			q.groups[i] = append(q.groups[i], known[name])
		}
	}
	return q
}

// next takes the first waiting item that may start now.
func (q *queue) next() (index int, ok bool) {
	if q.total > 0 && q.running >= q.total {
		return 0, false
	}
	for len(q.candidates) > 0 { // all of them come before the cursor
		w := heap.Pop(&q.candidates).(entry) //nolint:forcetypeassert // it holds nothing else
		started := q.start(w.index)
		w.from.sent = false
		q.send(w.from)
		if started {
			return w.index, true
		}
	}
	for q.cursor < len(q.groups) {
		q.cursor++
		if q.start(q.cursor - 1) {
			return q.cursor - 1, true
		}
	}
	return 0, false
}

// start counts an item as running, or parks it in the first group that is full.
func (q *queue) start(index int) bool {
	for _, g := range q.groups[index] {
		if g.full() {
			heap.Push(&g.parked, entry{index, g})
			return false
		}
	}
	for _, g := range q.groups[index] {
		g.running++
	}
	q.running++
	return true
}

func (q *queue) finish(index int) {
	q.running--
	for _, g := range q.groups[index] {
		g.running--
		q.send(g)
	}
}

// send makes a group's first parked item a candidate, if the group has room.
func (q *queue) send(g *group) {
	if g.sent || g.full() || len(g.parked) == 0 {
		return
	}
	g.sent = true
	heap.Push(&q.candidates, heap.Pop(&g.parked))
}

// entry is an item and the group it waits for.
type entry struct {
	index int
	from  *group
}

// waiting is a heap of items, the earliest first.
type waiting []entry

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].index < w[j].index }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(entry)) } //nolint:forcetypeassert // as above

func (w *waiting) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
