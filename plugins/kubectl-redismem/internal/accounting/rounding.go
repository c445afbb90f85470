package accounting

import "fmt"

// rounding is what the allocator adds to structures that servers count by the
// size they asked for: entries of hash tables, and the two parts of each list.
// Redis brings a jemalloc with classes of 8 bytes, and they fit; the jemalloc of
// a distribution has classes of 16.
func (b *book) rounding() {
	quantum, ok := b.figure(quantum)
	if !ok {
		if b.jemalloc() {
			b.note("MEMORY MALLOC-STATS is needed to know how the allocator rounds entries of hash tables; without, up to 8 bytes for each key, time to live and element are part of what is not explained")
		}
		return
	}
	each := rounded(dictEntry, quantum) - dictEntry
	if each == 0 {
		return
	}
	var entries int64
	if b.layout().entries {
		entries = b.count()
	}
	entries += b.expiring() + max(b.m.Elements, 0)
	if b.m.Elements > 0 && b.layout().bareSets {
		entries -= min(b.m.SetElements, b.m.Elements)
	}
	lists := 2 * (rounded(listPart, quantum) - listPart) * b.m.Lists
	b.add(Rounding, "allocator rounding", each*entries+lists,
		fmt.Sprintf("%d bytes for each of %d entries of hash tables, %d for lists; MEMORY MALLOC-STATS quantum", each, entries, lists))
	if b.m.Elements < 0 {
		b.note("the allocator adds %d bytes to each element of a hash table; how many there are is not known, so these are part of what is not explained", each)
	}
}

func rounded(size, quantum int64) int64 { return (size + quantum - 1) / quantum * quantum }

// count is how many keys the server has.
func (b *book) count() int64 {
	for _, name := range []string{"keys.count", keyspaceKeys} {
		if n, ok := b.figure(name); ok {
			return n
		}
	}
	return b.m.Keys
}

// expiring is how many keys have a time to live.
func (b *book) expiring() int64 {
	if n, ok := b.figure(keyspaceExpires); ok {
		return n
	}
	return max(b.m.Expiring, 0)
}
