package accounting

import "strings"

// Sizes in bytes on 64-bit machines, from the servers' declarations.
const (
	dictEntry = 24 // key, value, next
	robj      = 16 // header of a value
	listPart  = 40 // of a list, and of each of its nodes
	// A histogram of latencies from 1 ns to 1 s with 2 digits: 24 × 128 counters of 8
	// bytes, and its header.
	histogram = 24576 + 96
)

// layout is how a version keeps keys, as far as its own figures go.
type layout struct {
	known   bool
	counted int64 // bytes of overhead.hashtable.main for each key that MEMORY USAGE of that key has too
	slotted int64 // likewise of overhead.hashtable.slot-to-keys, in a cluster
	entries bool  // MEMORY USAGE counts a key's entry by the size asked for, not by the size given

	bareSets   bool // elements of sets need no entry of 24 bytes
	setEntries bool // MEMORY USAGE counts one nevertheless
}

// layout is known up to Redis 8.0 and Valkey 8.0, whose main tables are 24 bytes
// of entry and 16 of value header for each key, and the buckets. Later ones merge
// entry, key and value. Valkey 8.0 puts the key's name into its entry, and asks
// the allocator for the size of that.
func (s *Snapshot) layout() layout {
	major, minor, ok := s.version()
	switch {
	case !ok:
		return layout{}
	case s.valkey() && major == 8 && minor == 0:
		return layout{known: true, counted: dictEntry + robj, bareSets: true}
	case s.valkey() && major >= 8, !s.valkey() && (major > 8 || major == 8 && minor > 0):
		return layout{}
	}
	l := layout{known: true, counted: dictEntry + robj, entries: true}
	l.bareSets = major > 7 || major == 7 && minor >= 2
	l.setEntries = l.bareSets
	switch {
	case major == 7 && minor < 2:
		l.slotted = 16 // the entry's two links to keys of the same slot
	case major == 7 && minor < 4:
		l.slotted = 8 // one pointer, which is not even the entry's
	}
	return l
}

func (s *Snapshot) jemalloc() bool { return strings.HasPrefix(s.text["mem_allocator"], "jemalloc") }
