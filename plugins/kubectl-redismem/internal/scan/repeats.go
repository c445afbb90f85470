package scan

import "hash/maphash"

// repeats estimates how many names came more than once: SCAN may return a name
// again while the server shrinks its table. It remembers the hashes of a part of
// all possible names, the same part all the time, and halves that part when there
// are too many of them. Below that it is exact.
type repeats struct {
	seed  maphash.Seed
	limit uint64 // hashes up to here are remembered
	shift int    // 1 name in 2^shift is
	seen  map[uint64]uint32
}

const mostRepeats = 1 << 13

func newRepeats() *repeats {
	return &repeats{seed: maphash.MakeSeed(), limit: 1<<64 - 1, seen: map[uint64]uint32{}}
}

func (r *repeats) add(name []byte) {
	h := maphash.Bytes(r.seed, name)
	if h > r.limit {
		return
	}
	r.seen[h]++
	for len(r.seen) > mostRepeats {
		r.limit, r.shift = r.limit/2, r.shift+1
		for h := range r.seen {
			if h > r.limit {
				delete(r.seen, h)
			}
		}
	}
}

func (r *repeats) estimate() int64 {
	n := int64(0)
	for _, times := range r.seen {
		n += int64(times) - 1
	}
	return n << r.shift
}
