package alike

import "slices"

// maxEdits bounds the search for the shortest difference: beyond it a difference is
// correct, but may be longer than needed.
const maxEdits = 1000

// pair is a line that two texts have in common, by its index in both.
type pair struct{ a, b int }

// common returns lines that a and b have in common, in order: as many as possible
// if no more than [maxEdits] lines differ (Myers' algorithm).
func common(a, b []int) []pair {
	tail := 0
	for tail < min(len(a), len(b)) && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	s := search{a: a[:len(a)-tail], b: b[:len(b)-tail]}
	pairs := s.run()
	for i := tail; i > 0; i-- {
		pairs = append(pairs, pair{len(a) - i, len(b) - i})
	}
	return pairs
}

// search looks for the shortest way from the beginning of two texts to their end,
// where a step drops a line of a or takes one of b, and common lines are free.
type search struct {
	a, b []int
	far  []int   // by diagonal, offset by limit+1: how far in a the search has come
	past [][]int // for each number of steps: far before it, its middle part only
	zero int
}

func (s *search) run() []pair {
	limit := min(len(s.a)+len(s.b), maxEdits)
	s.zero = limit + 1
	s.far = make([]int, 2*limit+3)
	for d := 0; d <= limit; d++ {
		s.past = append(s.past, slices.Clone(s.far[s.zero-d-1:s.zero+d+2]))
		for k := -d; k <= d; k += 2 {
			x := s.step(s.far, s.zero, k, d)
			for y := x - k; x < len(s.a) && y < len(s.b) && y >= 0 && s.a[x] == s.b[y]; x, y = x+1, y+1 {
			}
			s.far[s.zero+k] = x
			if x >= len(s.a) && x-k >= len(s.b) {
				return s.back(len(s.a), len(s.b), d)
			}
		}
	}
	if x, y, ok := s.farthest(limit); ok {
		return s.back(x, y, limit)
	}
	return nil
}

// step is how far in a diagonal k can be entered with the d-th step.
func (s *search) step(far []int, zero, k, d int) int {
	if k == -d || k != d && far[zero+k-1] < far[zero+k+1] {
		return far[zero+k+1]
	}
	return far[zero+k-1] + 1
}

// farthest is the point at which most lines of both are behind after limit steps.
func (s *search) farthest(limit int) (x, y int, ok bool) {
	for k := -limit; k <= limit; k += 2 {
		u := s.far[s.zero+k]
		if v := u - k; u <= len(s.a) && v >= 0 && v <= len(s.b) && u+v >= x+y {
			x, y, ok = u, v, true
		}
	}
	return x, y, ok
}

// back returns the common lines on the way to a point that took d steps.
func (s *search) back(x, y, d int) []pair {
	var pairs []pair
	for ; d > 0; d-- {
		far, zero, k := s.past[d], d+1, x-y
		from := k - 1
		if k == -d || k != d && far[zero+k-1] < far[zero+k+1] {
			from = k + 1
		}
		px := far[zero+from]
		py := px - from
		for x > px && y > py {
			x, y = x-1, y-1
			pairs = append(pairs, pair{x, y})
		}
		x, y = px, py
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		pairs = append(pairs, pair{x, y})
	}
	slices.Reverse(pairs)
	return pairs
}
