package estimate

import (
	"math"
	"slices"
)

// Apportion divides total into whole parts in proportion to weights that add up
// to exactly total: each gets its share rounded down, and what is left goes one
// by one to the largest remainders (Hamilton's method). What has no weight gets
// nothing, unless nothing has weight: then all get the same. It returns nothing
// but zeros if total is not positive.
func Apportion(total int64, weights []float64) []int64 {
	parts := make([]int64, len(weights))
	if total <= 0 || len(weights) == 0 {
		return parts
	}
	shares := clean(weights)
	remainders := make([]float64, len(weights))
	order := make([]int, 0, len(weights))
	left := total
	for i, share := range shares {
		if share == 0 {
			continue
		}
		exact := share * float64(total)
		// A double has 53 bits, so a share of a huge total may come out too large.
		parts[i] = min(whole(math.Floor(exact)), left)
		remainders[i] = exact - float64(parts[i])
		left -= parts[i]
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case remainders[a] > remainders[b]:
			return -1
		case remainders[a] < remainders[b]:
			return 1
		}
		return 0
	})
	n := int64(len(order))
	each, rest := left/n, left%n
	for rank, i := range order {
		parts[i] += each
		if int64(rank) < rest {
			parts[i]++
		}
	}
	return parts
}

// clean makes weights finite, not negative, and their sum 1.
func clean(weights []float64) []float64 {
	shares := make([]float64, len(weights))
	largest := 0.0
	for _, w := range weights {
		if w > largest && !math.IsInf(w, 0) {
			largest = w
		}
	}
	sum := 0.0
	for i, w := range weights {
		switch {
		case largest == 0:
			shares[i] = 1
		case w > 0:
			shares[i] = min(w, largest) / largest
		}
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

// Scale multiplies figures by factor so that they add up to their scaled sum
// exactly: SCAN may name a key more than once, and with the estimated share of
// repeats taken out, groups must still add up to their total.
func Scale(figures []int64, factor float64) []int64 {
	weights := make([]float64, len(figures))
	sum := int64(0)
	for i, f := range figures {
		weights[i] = float64(f)
		sum += f
	}
	if factor == 1 {
		return slices.Clone(figures)
	}
	return Apportion(whole(math.Round(float64(sum)*factor)), weights)
}
