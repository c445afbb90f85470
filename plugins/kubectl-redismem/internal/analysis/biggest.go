package analysis

import (
	"cmp"
	"slices"
)

// biggest keeps the biggest keys of a server, each once.
type biggest struct {
	database int
	list     []bigKey
	least    int64 // size from which on one is kept
}

type bigKey struct {
	name     string
	database int
	size     int64
}

const mostBiggest = 10

// offer takes a name that is copied only if it is kept.
func (b *biggest) offer(name []byte, size int64) {
	if size < b.least {
		return
	}
	for _, k := range b.list {
		if k.name == string(name) && k.database == b.database {
			return // SCAN may return a name twice
		}
	}
	b.list = append(b.list, bigKey{string(name), b.database, size})
	slices.SortFunc(b.list, func(x, y bigKey) int {
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(x.database, y.database), cmp.Compare(x.name, y.name))
	})
	if len(b.list) >= mostBiggest {
		b.list = b.list[:mostBiggest]
		b.least = b.list[mostBiggest-1].size + 1
	}
}
