package accounting

import "math/bits"

// Slack is what an allocator adds to the parts of a key: with classes of 8 bytes and
// of 16.
type Slack [2]float64

// SlackOf is that of one key's value in Redis 6, whose MEMORY USAGE counts a short
// string and a compact collection by the size asked for. Size is what it says; name
// is counted by the size given. What is inside of other collections is
// not known, and not in it.
//
// From redis:src/object.c (objectComputeSize) of 6.0 and 6.2.
func SlackOf(name, encoding string, size int64) (s Slack) {
	const uncounted = 2 // bytes of a short string: 4 are around it
	for i, quantum := range []int64{8, 16} {
		value := size - dictEntry - robj - class(sds(int64(len(name))), quantum)
		switch {
		case value <= 0:
		case encoding == "embstr": // one piece with its header
			s[i] = float64(class(robj+value+uncounted, quantum) - robj - value)
		case encoding == "ziplist", encoding == "intset", encoding == "listpack":
			s[i] = float64(class(value, quantum) - value)
		}
	}
	return s
}

// sds is the size of a text with its header.
func sds(n int64) int64 {
	switch {
	case n < 1<<5:
		return n + 2
	case n < 1<<8:
		return n + 4
	case n < 1<<16:
		return n + 6
	}
	return n + 10
}

// class is the size that jemalloc gives for n bytes: multiples of the quantum up to
// 8 times that, and from then on four classes for each power of two.
func class(n, quantum int64) int64 {
	if n <= 8 {
		return 8
	}
	step := int64(1) << max(0, bits.Len64(uint64(n-1))-3)
	step = max(step, quantum)
	return (n + step - 1) / step * step
}

// slack adds what MEMORY USAGE of Redis 6 does not count of values.
func (b *book) slack() {
	major, _, ok := b.version()
	quantum, told := b.figure(quantum)
	if !ok || !told || b.valkey() || major != 6 {
		return
	}
	s := b.m.Slack[0]
	if quantum == 16 {
		s = b.m.Slack[1]
	}
	if s > 0 {
		b.add("slack", "allocator rounding of values", int64(s), "about, by the classes of jemalloc; MEMORY USAGE of Redis 6 counts the sizes asked for")
	}
}
