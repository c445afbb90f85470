package pattern

import (
	"math"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/estimate"
)

// Stats are the figures of a set of keys. The zero value is the empty set. A copy
// is a snapshot: merging something into it leaves the original as it is.
type Stats struct {
	Keys  int64
	Sized int64 // of which the size is known
	// Bytes is what MEMORY USAGE says, summed: exactly if every key was sized, else
	// as if each size stood for as many keys as it was picked for; see Total.
	Bytes int64
	Min   int64 // of one sized key; 0 in the empty set
	Max   int64

	more *more // nil where nothing more is known
}

// more is what is kept only if it was asked for, or needed. It is changed in place
// by the tree that it belongs to, and by nobody else.
type more struct {
	sample *estimate.Sample     // nil as long as every key was sized
	pages  *estimate.Replicates // nil unless the keys are those of random pages
	sizes  Histogram
	detail *Detail // nil if no key was looked at
	each   float64 // keys that each counted one stands for; 0 is 1. See Tree.Weigh

	k     int8  // see Tree.Plan
	until int64 // keys for which k is valid
}

// Add counts one more key of size bytes.
func (s *Stats) Add(size int64) { s.add(size, 1) }

func (s *Stats) add(size, weight int64) {
	if s.Sized == 0 || size < s.Min {
		s.Min = size
	}
	if size > s.Max {
		s.Max = size
	}
	s.Keys++
	s.Sized++
	s.Bytes += size * weight
}

// count takes a key that is one of 2^k like it, or was not sized at all. Of a
// detailed set it keeps the distribution of sizes.
func (s *Stats) count(size int64, k int8, detailed bool) {
	if k == 0 && !detailed && s.more == nil {
		s.Add(size)
		return
	}
	if s.more == nil {
		s.more = &more{}
	}
	m := s.more
	if k != 0 && m.sample == nil {
		m.sample = m.exact(s)
	}
	if k < 0 {
		s.Keys++
		return
	}
	if size/farBigger > s.Max {
		m.until = 0
	}
	s.add(size, 1<<k)
	m.sizes.Add(size, 1<<k)
	if m.sample != nil {
		m.sample.Add(size, math.Ldexp(1, -int(k)))
	}
}

// farBigger than all before is a size that calls for another look at how many are
// asked.
const farBigger = 4

// exact makes a sample of a set of which every key was sized until now.
func (m *more) exact(s *Stats) *estimate.Sample {
	sample := &estimate.Sample{N: s.Sized, W: float64(s.Sized), WX: float64(s.Bytes)}
	sample.X[0] = float64(s.Bytes)
	m.sizes.each(func(mid float64, keys, bytes int64) {
		mean := mid
		if keys > 0 {
			mean = float64(bytes) / float64(keys)
		}
		sample.X[1] += float64(keys) * mean * mean
		sample.X[2] += float64(keys) * mean * mean * mean
	})
	return sample
}

// Merge adds the keys of another, disjoint set.
func (s *Stats) Merge(o Stats) {
	if o.Keys == 0 {
		return
	}
	if o.Sized > 0 && (s.Sized == 0 || o.Min < s.Min) {
		s.Min = o.Min
	}
	s.Max = max(s.Max, o.Max)
	s.more = merged(s, &o)
	s.Keys += o.Keys
	s.Sized += o.Sized
	s.Bytes += o.Bytes
}

func merged(a, b *Stats) *more {
	switch {
	case a.more == nil && b.more == nil:
		return nil
	case a.Keys == 0:
		return b.more.clone()
	}
	m := a.more.clone()
	keysA, keysB := a.stand(), b.stand()
	m.each = (keysA + keysB) / float64(a.Keys+b.Keys)
	if sampled(a) || sampled(b) {
		if m.sample == nil {
			m.sample = m.exact(a)
		}
		if sampled(b) {
			m.sample.Merge(*b.more.sample)
		} else {
			m.sample.Merge(*b.more.orNone().exact(b))
		}
	}
	if b.more != nil {
		if b.more.pages != nil {
			if m.pages == nil {
				m.pages = &estimate.Replicates{}
			}
			m.pages.Merge(b.more.pages)
		}
		m.sizes.Merge(&b.more.sizes)
		m.detail = joined(m.detail, keysA, b.more.detail, keysB)
	}
	return m
}

// stand is how many keys those of the set stand for.
func (s *Stats) stand() float64 {
	if s.more == nil || s.more.each == 0 {
		return float64(s.Keys)
	}
	return float64(s.Keys) * s.more.each
}

func sampled(s *Stats) bool { return s.more != nil && s.more.sample != nil }

func (m *more) orNone() *more {
	if m == nil {
		return &more{}
	}
	return m
}

func (m *more) clone() *more {
	c := &more{}
	if m == nil {
		return c
	}
	c.k, c.until, c.each = m.k, m.until, m.each
	if m.pages != nil {
		pages := *m.pages
		c.pages = &pages
	}
	if m.sample != nil {
		sample := *m.sample
		c.sample = &sample
	}
	c.sizes.Merge(&m.sizes)
	c.detail = c.detail.with(m.detail)
	return c
}

// weight is s without what only readers need: cheap to add up.
func (s Stats) weight() Stats {
	s.more = nil
	return s
}

// Total is the set's bytes: exact if every key was sized, else estimated.
func (s Stats) Total() estimate.Interval {
	if !sampled(&s) {
		return estimate.Interval{Value: float64(s.Bytes)}
	}
	return s.more.sample.Total(s.Keys)
}

// Sizes is the distribution of sizes, nil if it was not kept.
func (s Stats) Sizes() *Histogram {
	if s.more == nil {
		return nil
	}
	return &s.more.sizes
}

// Detail is what is known from a few keys that were looked at, nil if none was.
func (s Stats) Detail() *Detail {
	if s.more == nil {
		return nil
	}
	return s.more.detail
}

// Spread is the mean size of the sized keys and its standard deviation as a share
// of the mean, from the distribution of sizes: 0 and 0 if there is none.
func (s Stats) Spread() (mean, deviation float64) {
	h := s.Sizes()
	if h == nil || s.Sized == 0 {
		return 0, 0
	}
	var n, x, xx float64
	h.each(func(mid float64, keys, bytes int64) {
		n += float64(keys)
		x += float64(bytes)
		xx += float64(keys) * mid * mid
	})
	if n == 0 || x == 0 {
		return 0, 0
	}
	mean = x / n
	return mean, math.Sqrt(max(0, xx/n-mean*mean)) / mean
}

// Avg is the mean size in bytes, rounded to the nearest integer.
func (s Stats) Avg() int64 {
	if s.Keys == 0 {
		return 0
	}
	return (s.Bytes + s.Keys/2) / s.Keys
}
