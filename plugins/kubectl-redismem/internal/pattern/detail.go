package pattern

import (
	"maps"
	"math"
)

// Detail is what some keys of a set turned out to be. Its numbers are of the keys
// that were looked at.
type Detail struct {
	Looked    int64
	Types     map[string]int64
	Encodings map[string]int64 // type/encoding, such as hash/listpack
	NoTTL     int64
	TTL       Histogram // seconds left, of keys that have one
	Idle      Histogram // seconds since the last use, where the server tells
	Shared    int64     // integers that the server keeps once for all keys
	// Sums over the keys whose sizes are known; see Facts.
	Bytes, Excess, Entries, SetEntries int64
	Slack                              [2]float64
}

// Facts are about one key. What is not known is "" or negative; a TTL of -1 is
// that the key has none, of -2 that it is not known.
type Facts struct {
	Type, Encoding string
	TTL, Idle      int64
	Shared         bool       // a small integer that the server keeps once for all keys
	Size           int64      // 0 if not asked; then what follows is 0, too
	Excess         int64      // of Size: bytes that MEMORY USAGE counts and that are not there
	Entries        int64      // elements of a hash table or skip list inside of the key
	Slack          [2]float64 // bytes that MEMORY USAGE does not count, with an allocator's classes of 8 bytes and of 16
}

func (d *Detail) add(f Facts) {
	d.Looked++
	d.Bytes += f.Size
	d.Excess += f.Excess
	d.Entries += f.Entries
	d.Slack[0] += f.Slack[0]
	d.Slack[1] += f.Slack[1]
	if f.Type == "set" {
		d.SetEntries += f.Entries
	}
	if f.Shared {
		d.Shared++
	}
	if d.Types == nil {
		d.Types, d.Encodings = map[string]int64{}, map[string]int64{}
	}
	if f.Type != "" {
		d.Types[f.Type]++
	}
	if f.Encoding != "" {
		d.Encodings[f.Type+"/"+f.Encoding]++
	}
	switch {
	case f.TTL >= 0:
		d.TTL.Add(f.TTL, 1)
	case f.TTL == -1:
		d.NoTTL++
	}
	if f.Idle >= 0 {
		d.Idle.Add(f.Idle, 1)
	}
}

// joined are the details of two sets of so many keys: each set has the part of them
// that it has of the keys, however many of its own were looked at.
func joined(a *Detail, keysA float64, b *Detail, keysB float64) *Detail {
	if a == nil || b == nil || a.Looked == 0 || b.Looked == 0 || keysA+keysB <= 0 {
		return a.with(b)
	}
	each := float64(a.Looked+b.Looked) / (keysA + keysB)
	return a.scaled(each * keysA / float64(a.Looked)).with(b.scaled(each * keysB / float64(b.Looked)))
}

// scaled has all numbers multiplied. What there is at all stays.
func (d *Detail) scaled(by float64) *Detail {
	if math.Abs(by-1) < 0.01 {
		return d
	}
	c := &Detail{Looked: scaled(d.Looked, by), NoTTL: scaled(d.NoTTL, by), Shared: scaled(d.Shared, by), Bytes: scaled(d.Bytes, by),
		Excess: scaled(d.Excess, by), Entries: scaled(d.Entries, by), SetEntries: scaled(d.SetEntries, by),
		Slack: [2]float64{d.Slack[0] * by, d.Slack[1] * by}, Types: map[string]int64{}, Encodings: map[string]int64{}}
	for k, n := range d.Types {
		c.Types[k] = scaled(n, by)
	}
	for k, n := range d.Encodings {
		c.Encodings[k] = scaled(n, by)
	}
	c.TTL.Merge(&d.TTL)
	c.TTL.scale(by)
	c.Idle.Merge(&d.Idle)
	c.Idle.scale(by)
	return c
}

func scaled(n int64, by float64) int64 {
	if n == 0 {
		return 0
	}
	return max(1, int64(math.Round(float64(n)*by)))
}

// with is the sum of two; either may be nil. Neither is changed.
func (d *Detail) with(o *Detail) *Detail {
	if d == nil && o == nil {
		return nil
	}
	sum := &Detail{Types: map[string]int64{}, Encodings: map[string]int64{}}
	for _, part := range []*Detail{d, o} {
		if part == nil {
			continue
		}
		sum.Looked += part.Looked
		sum.NoTTL += part.NoTTL
		sum.Shared += part.Shared
		sum.Bytes += part.Bytes
		sum.Excess += part.Excess
		sum.Entries += part.Entries
		sum.Slack[0] += part.Slack[0]
		sum.Slack[1] += part.Slack[1]
		sum.SetEntries += part.SetEntries
		add(sum.Types, part.Types)
		add(sum.Encodings, part.Encodings)
		sum.TTL.Merge(&part.TTL)
		sum.Idle.Merge(&part.Idle)
	}
	return sum
}

func add(to, from map[string]int64) {
	if len(to) == 0 {
		maps.Copy(to, from)
		return
	}
	for k, n := range from {
		to[k] += n
	}
}
