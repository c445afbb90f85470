package keys

import "container/heap"

// Best keeps the n biggest keys that were offered, each once.
type Best struct {
	n    int
	list entries
	at   map[string]bool // SCAN may return a name twice
}

type entry struct {
	name string
	size int64
}

// NewBest keeps n keys.
func NewBest(n int) *Best { return &Best{n: n, at: map[string]bool{}} }

// Offer takes a name that is copied only if it is kept.
func (b *Best) Offer(name []byte, size int64) {
	if len(b.list) == b.n && size <= b.list[0].size || b.at[string(name)] {
		return
	}
	if len(b.list) == b.n {
		delete(b.at, heap.Pop(&b.list).(entry).name)
	}
	e := entry{string(name), size}
	b.at[e.name] = true
	heap.Push(&b.list, e)
}

// entries is a heap with the smallest on top.
type entries []entry

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].size < e[j].size }
func (e entries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)        { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}
