package pattern

// Stats are the figures of a set of keys. The zero value is the empty set.
type Stats struct {
	Keys  int64
	Bytes int64 // what MEMORY USAGE says, summed
	Min   int64 // of one key; 0 in the empty set
	Max   int64
}

// Add counts one more key of size bytes.
func (s *Stats) Add(size int64) {
	if s.Keys == 0 || size < s.Min {
		s.Min = size
	}
	if size > s.Max {
		s.Max = size
	}
	s.Keys++
	s.Bytes += size
}

// Merge adds the keys of another, disjoint set.
func (s *Stats) Merge(o Stats) {
	if o.Keys == 0 {
		return
	}
	if s.Keys == 0 || o.Min < s.Min {
		s.Min = o.Min
	}
	s.Max = max(s.Max, o.Max)
	s.Keys += o.Keys
	s.Bytes += o.Bytes
}

// Avg is the mean size in bytes, rounded to the nearest integer.
func (s Stats) Avg() int64 {
	if s.Keys == 0 {
		return 0
	}
	return (s.Bytes + s.Keys/2) / s.Keys
}
