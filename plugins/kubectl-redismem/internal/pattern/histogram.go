package pattern

import (
	"math"
	"math/bits"
)

// Histogram is a distribution of sizes, or of seconds, in bins that are a quarter
// of a power of two wide. It holds only the range of bins that were met. The zero
// value is empty.
type Histogram struct {
	first int // bin of the first element
	bins  []histogramBin
}

type histogramBin struct{ keys, bytes int64 }

// binOf: 0 to 3 have bins of their own, then each power of two has four.
func binOf(x int64) int {
	if x < 4 {
		return int(max(0, x))
	}
	exponent := bits.Len64(uint64(x)) - 1 // at least 2
	return exponent*4 - 4 + int(x>>(exponent-2))&3
}

// lowest is the smallest value of a bin.
func lowest(bin int) int64 {
	if bin < 4 {
		return int64(bin)
	}
	exponent := (bin + 4) / 4
	return int64(4+bin%4) << (exponent - 2)
}

// Add counts weight keys of size bytes each.
func (h *Histogram) Add(size, weight int64) {
	bin := h.at(binOf(size))
	bin.keys += weight
	bin.bytes += size * weight
}

// at makes room for a bin.
func (h *Histogram) at(bin int) *histogramBin {
	switch {
	case len(h.bins) == 0:
		h.first, h.bins = bin, make([]histogramBin, 1)
	case bin < h.first:
		h.bins = append(make([]histogramBin, h.first-bin, h.first-bin+len(h.bins)), h.bins...)
		h.first = bin
	case bin >= h.first+len(h.bins):
		h.bins = append(h.bins, make([]histogramBin, bin-h.first-len(h.bins)+1)...)
	}
	return &h.bins[bin-h.first]
}

// Merge adds another distribution.
func (h *Histogram) Merge(o *Histogram) {
	for i, b := range o.bins {
		if b.keys > 0 {
			mine := h.at(o.first + i)
			mine.keys += b.keys
			mine.bytes += b.bytes
		}
	}
}

// scale multiplies all numbers. What there is at all stays.
func (h *Histogram) scale(by float64) {
	for i, b := range h.bins {
		if b.keys > 0 {
			keys := scaled(b.keys, by)
			h.bins[i] = histogramBin{keys, int64(float64(b.bytes) * float64(keys) / float64(b.keys))}
		}
	}
}

func (h *Histogram) each(f func(mid float64, keys, bytes int64)) {
	for i, b := range h.bins {
		f(float64(lowest(h.first+i)+lowest(h.first+i+1))/2, b.keys, b.bytes)
	}
}

// Keys is how many were counted.
func (h *Histogram) Keys() int64 {
	n := int64(0)
	for _, b := range h.bins {
		n += b.keys
	}
	return n
}

// Quantile is a value that a share q of the keys does not exceed, q from 0 to 1, to
// about an eighth. It is 0 if there are no keys.
func (h *Histogram) Quantile(q float64) int64 {
	rank := int64(math.Ceil(q * float64(h.Keys())))
	for _, b := range h.bins {
		if rank -= b.keys; rank <= 0 && b.keys > 0 {
			return b.bytes / b.keys
		}
	}
	return 0
}

// Bins calls f for each bin that has keys, in ascending order: those from its
// lower bound on, up to and without the bin of the next.
func (h *Histogram) Bins(f func(from, keys, bytes int64)) {
	for i, b := range h.bins {
		if b.keys > 0 {
			f(lowest(h.first+i), b.keys, b.bytes)
		}
	}
}
