package accounting

import "fmt"

const (
	// A set's table since 7.2 has its elements right in the buckets, and entries of 16
	// bytes only where they collide. MEMORY USAGE up to Redis 8.0 takes each for an
	// entry of 24. With tables between half full and full, that is 20.6 to 18.1 bytes
	// too much.
	setExcess = 19
	// The header of a shared integer's value exists once, not for each key.
	sharedExcess = robj
)

// excess takes back what MEMORY USAGE counts and what is not there.
func (b *book) excess() {
	l := b.layout()
	if !l.known {
		return
	}
	sets := int64(0)
	if l.setEntries {
		sets = b.m.SetElements * setExcess
	}
	if shared := b.m.Shared * sharedExcess; sets+shared+b.m.Streams > 0 {
		b.add(Excess, "counted but not there", -sets-shared-b.m.Streams,
			fmt.Sprintf("MEMORY USAGE: about %d bytes of entries of sets, %d bytes of shared integers, %d bytes of indexes of streams", sets, shared, b.m.Streams))
	}
}

// tell says why the residual may be far from 0.
func (b *book) tell() {
	if b.ledger.Used <= 0 {
		return
	}
	part := float64(b.ledger.Residual) / float64(b.ledger.Used)
	major, _, ok := b.version()
	switch {
	case part < -0.01:
		b.note("more is counted than there is: MEMORY USAGE takes small integers that keys share for their own, and the indexes of streams and, in some versions, entries of sets for bigger than they are; how much that is was estimated from a sample, or could not be asked")
	case part > 0.01 && ok && major < 7 && !b.valkey():
		b.note("before version 7, MEMORY USAGE counts strings and small collections by the size asked for, not by the larger one that the allocator gives")
	}
}
