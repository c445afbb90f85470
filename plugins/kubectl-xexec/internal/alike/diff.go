package alike

import (
	"bytes"
	"slices"
)

const (
	context = 3 // lines around a difference
	// Lines and bytes of each text that are compared from the first difference on.
	windowLines = 5000
	windowBytes = 4 << 20
)

// change is one line of a difference.
type change struct {
	sign byte // ' ', '-' or '+'
	text []byte
	a, b int // the line's number in each text, from 1; of the next one where it is not in it
}

// difference is where two texts differ.
type difference struct {
	changes []change
	// cut is whether the texts go on behind what was compared.
	cut bool
	// nothing is whether the second text is empty.
	nothing bool
}

// differ compares two texts. What they have in common at their beginning is not
// kept, however long it is.
func differ(a, b *lineReader) (difference, error) {
	d := differer{a: side{from: a}, b: side{from: b}}
	same, err := d.skip()
	if err != nil || same {
		return difference{}, err
	}
	for _, s := range []*side{&d.a, &d.b} {
		if err := s.read(); err != nil {
			return difference{}, err
		}
	}
	return d.compare(), nil
}

// side is the part of a text that is compared: at first a few lines of context.
type side struct {
	from  *lineReader
	lines [][]byte
	ended bool
}

type differer struct {
	a, b  side
	first int // the number of the first line that is kept
}

// skip reads both texts up to the first line that differs, and returns whether
// there is none.
func (d *differer) skip() (same bool, err error) {
	d.first = 1
	for {
		la, err := d.a.from.next()
		if err != nil {
			return false, err
		}
		lb, err := d.b.from.next()
		if err != nil {
			return false, err
		}
		if len(la) == 0 && len(lb) == 0 {
			return true, nil
		}
		differs := !bytes.Equal(la, lb)
		d.a.add(la)
		d.b.add(lb)
		if differs {
			return false, nil
		}
		if len(d.a.lines) > context {
			d.a.lines, d.b.lines = d.a.lines[1:], d.b.lines[1:]
			d.first++
		}
	}
}

// add keeps a line; an empty one is the end.
func (s *side) add(line []byte) {
	if len(line) == 0 {
		s.ended = true
		return
	}
	s.lines = append(s.lines, bytes.Clone(line))
}

// read keeps what follows, within the limits.
func (s *side) read() error {
	size := 0
	for !s.ended && len(s.lines) < windowLines && size < windowBytes {
		line, err := s.from.next()
		if err != nil {
			return err
		}
		size += len(line)
		s.add(line)
	}
	if !s.ended { // at the end after all?
		line, err := s.from.next()
		s.ended = err == nil && len(line) == 0
		return err
	}
	return nil
}

func (d *differer) compare() difference {
	ids := map[string]int{}
	number := func(lines [][]byte) []int {
		out := make([]int, len(lines))
		for i, line := range lines {
			id, ok := ids[string(line)]
			if !ok {
				id = len(ids)
				ids[string(line)] = id
			}
			out[i] = id
		}
		return out
	}
	pairs := common(number(d.a.lines), number(d.b.lines))
	cut := !d.a.ended || !d.b.ended
	ends := pair{len(d.a.lines), len(d.b.lines)}
	if cut && len(pairs) > 0 && pairs[len(pairs)-1].a >= context {
		// What comes after the last common line may have its like behind what was read.
		last := pairs[len(pairs)-1]
		ends = pair{last.a + 1, last.b + 1}
	}
	return difference{
		changes: d.changes(append(pairs, ends), ends), cut: cut,
		nothing: d.first == 1 && d.b.ended && len(d.b.lines) == 0,
	}
}

// changes lists the lines of both up to ends, in order.
func (d *differer) changes(pairs []pair, ends pair) []change {
	var out []change
	at := pair{}
	put := func(sign byte, text []byte) {
		out = append(out, change{sign, text, d.first + at.a, d.first + at.b})
		if sign != '+' {
			at.a++
		}
		if sign != '-' {
			at.b++
		}
	}
	for _, p := range pairs {
		for at.a < p.a {
			put('-', d.a.lines[at.a])
		}
		for at.b < p.b {
			put('+', d.b.lines[at.b])
		}
		if p != ends {
			put(' ', d.a.lines[at.a])
		}
	}
	return out
}

// hunks cuts changes into those with no more than some context between them.
func hunks(changes []change) [][]change {
	var out [][]change
	end := -1 // of the last hunk
	for i, c := range changes {
		if c.sign == ' ' {
			continue
		}
		from, to := max(i-context, 0), min(i+context+1, len(changes))
		if end >= from && len(out) > 0 {
			out[len(out)-1] = append(out[len(out)-1], changes[end:max(end, to)]...)
		} else {
			out = append(out, slices.Clone(changes[from:to]))
		}
		end = max(end, to)
	}
	return out
}
