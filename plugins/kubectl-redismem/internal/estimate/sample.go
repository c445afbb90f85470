// Package estimate says how large a set of keys is when only some of its keys
// were sized, and how far off that may be.
package estimate

import "math"

// Sample holds the sizes of the sized keys of a set, each of which was picked
// with a probability that was fixed before its size was known. It is a few sums,
// so it merges with others and never grows. The zero value is the empty sample.
//
// The estimate of the mean is Horvitz and Thompson's, divided by the estimated
// number of keys (Hájek): a key that was picked with probability p stands for 1/p
// keys. It needs no random order of the keys, so p may fall while a scan goes on.
type Sample struct {
	N          int64
	W, WX      float64 // sums of 1/p and of size/p
	V0, V1, V2 float64 // sums of (1-p)/p², times 1, size and size²
}

// Add takes a key of size bytes that was picked with probability p, 0 < p ≤ 1.
func (s *Sample) Add(size int64, p float64) {
	x := float64(size)
	s.N++
	s.W += 1 / p
	s.WX += x / p
	if p < 1 {
		v := (1 - p) / (p * p)
		s.V0 += v
		s.V1 += v * x
		s.V2 += v * x * x
	}
}

// Merge adds the keys of another, disjoint set.
func (s *Sample) Merge(o Sample) {
	s.N += o.N
	s.W += o.W
	s.WX += o.WX
	s.V0 += o.V0
	s.V1 += o.V1
	s.V2 += o.V2
}

// Exact reports whether all of keys keys were sized.
func (s Sample) Exact(keys int64) bool { return s.N == keys }

// Total estimates the bytes of all keys keys of the set, of which s is a sample.
// Half is the half-width of the 95 % interval, 0 if every key was sized and +Inf
// if none was though there are some.
func (s Sample) Total(keys int64) (bytes, half float64) {
	if s.N == 0 {
		if keys == 0 {
			return 0, 0
		}
		return 0, math.Inf(1)
	}
	mean := s.WX / s.W
	variance := max(0, s.V2-2*mean*s.V1+mean*mean*s.V0)
	const z = 1.96
	n := float64(keys)
	return n * mean, z * math.Sqrt(variance) / s.W * n
}
