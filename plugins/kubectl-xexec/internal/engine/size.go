package engine

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of targets: a plain number, or a percentage of all of them.
type Size struct {
	N       int
	Percent bool
}

// ParseSize reads "5" or "10%". Percentages are whole numbers up to 100.
func ParseSize(text string) (Size, error) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || strings.HasPrefix(digits, "+"):
		return Size{}, fmt.Errorf("reading %q: it is neither a number such as 5 nor a percentage such as 10%%", text)
	case n < 0:
		return Size{}, fmt.Errorf("reading %q: it is negative", text)
	case percent && n > 100:
		return Size{}, fmt.Errorf("reading %q: it is more than all", text)
	}
	return Size{n, percent}, nil
}

// ParseBatches reads sizes of waves such as "1,10%,100%". None may be 0.
func ParseBatches(text string) ([]Size, error) {
	var sizes []Size
	for part := range strings.SplitSeq(text, ",") {
		s, err := ParseSize(part)
		if err != nil {
			return nil, err
		}
		if s.N == 0 {
			return nil, fmt.Errorf("reading %q: a batch of %s would never end", text, s)
		}
		sizes = append(sizes, s)
	}
	return sizes, nil
}

func (s Size) String() string {
	if s.Percent {
		return strconv.Itoa(s.N) + "%"
	}
	return strconv.Itoa(s.N)
}

// of is the size in targets, if there are so many in all: percentages are rounded
// up, and nothing is smaller than 1.
func (s Size) of(all int) int {
	if !s.Percent {
		return max(s.N, 1)
	}
	return max((s.N*all+99)/100, 1)
}

// exceeded says whether n is more than s, without rounding: 2 of 25 are 8%, which
// is not more than 10%, and 3 of 25 are.
func (s Size) exceeded(n, all int) bool {
	if s.Percent {
		return n*100 > s.N*all
	}
	return n > s.N
}

// wave is a range of targets, to being the first that is not in it.
type wave struct{ from, to int }

// split cuts n targets into waves, as Ansible's serial does: each size is one wave,
// not a sum so far, and the last one repeats.
func split(n int, sizes []Size) []wave {
	if len(sizes) == 0 {
		sizes = []Size{{100, true}}
	}
	var waves []wave
	for from := 0; from < n; {
		size := sizes[min(len(waves), len(sizes)-1)]
		to := min(from+size.of(n), n)
		waves = append(waves, wave{from, to})
		from = to
	}
	return waves
}
