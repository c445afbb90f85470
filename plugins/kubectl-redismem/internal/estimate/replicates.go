package estimate

import "math"

// Groups is the number of replicates that the pages of a sample are dealt to.
const Groups = 32

// Replicates holds what a sample of pages found of a set of keys. A page is what
// one SCAN at a random cursor named, so its keys are neighbours and not
// independent of each other; pages are. They are dealt to 32 replicates in turn,
// and how far these differ says how far off the whole may be, whatever the keys of
// a page have in common (random groups with the delete-one-group jackknife:
// Wolter, Introduction to Variance Estimation, chapters 2 and 4).
//
// It takes 520 bytes. The zero value is the empty sample.
type Replicates struct {
	Keys, Bytes [Groups]float64 // weighted sums
	Cubes       float64         // of the weighted sizes: 32 sums hide how skewed they are
}

// Add counts a key of size bytes from a page of the replicate, 0 ≤ replicate < 32.
// Weight is how many keys of the database it stands for, relative to others.
func (r *Replicates) Add(replicate int, size int64, weight float64) {
	i := uint(replicate) % Groups
	r.Keys[i] += weight
	x := weight * float64(size)
	r.Bytes[i] += x
	r.Cubes += x * x * x
}

// Merge adds the keys of another, disjoint set that the same pages named.
func (r *Replicates) Merge(o *Replicates) {
	if o == nil {
		return
	}
	for i := range r.Keys {
		r.Keys[i] += o.Keys[i]
		r.Bytes[i] += o.Bytes[i]
	}
	r.Cubes += o.Cubes
}

// Of estimates the keys and bytes of the set among total keys that the database
// is known to have. Whole is the same sample of the whole database.
func (r *Replicates) Of(whole *Replicates, total int64) (keys, bytes Interval) {
	return ratio(&r.Keys, &whole.Keys, 0, float64(total)), ratio(&r.Bytes, &whole.Keys, r.Cubes, float64(total))
}

// Share estimates which part of the whole's bytes the set has, from 0 to 1.
func (r *Replicates) Share(whole *Replicates) Interval {
	return ratio(&r.Bytes, &whole.Bytes, r.Cubes, 1)
}

// ratio estimates scale · Σpart / Σwhole. Cubes is the third moment of Σpart as far
// as its keys are independent.
func ratio(part, whole *[Groups]float64, cubes, scale float64) Interval {
	var a, b float64
	used := 0
	for i := range whole {
		a += part[i]
		b += whole[i]
		if whole[i] > 0 {
			used++
		}
	}
	if *part == *whole {
		return certain(scale, used)
	}
	if used < 2 || b <= 0 {
		value := 0.0
		if b > 0 {
			value = scale * a / b
		}
		return Interval{Value: value, Half: math.Inf(1)}
	}
	// Without one replicate the ratio differs by d from the one of all. Second and
	// third moments of these differences are those of the estimate.
	n := float64(used)
	mean := 0.0
	var without [Groups]float64
	for i := range whole {
		if whole[i] > 0 {
			without[i] = (a - part[i]) / (b - whole[i])
			mean += without[i] / n
		}
	}
	var second, third float64
	for i := range whole {
		if whole[i] > 0 {
			d := without[i] - mean
			second += d * d
			third += d * d * d
		}
	}
	third = max(math.Abs(third), cubes/(b*b*b))
	half := quantile(int64(used-1)) * math.Sqrt((n-1)/n*second) * widening(third, second)
	if a > 0 && half == 0 {
		half = a / b * 3 / n // equal replicates: no scatter is not certainty
	}
	return Interval{Value: scale * a / b, Half: scale * half}
}

// certain is the whole as a part of itself.
func certain(scale float64, used int) Interval {
	if used == 0 && scale > 0 {
		return Interval{Half: math.Inf(1)}
	}
	return Interval{Value: scale}
}

// Scale makes every key stand for factor times as many keys.
func (r *Replicates) Scale(factor float64) {
	for i := range r.Keys {
		r.Keys[i] *= factor
		r.Bytes[i] *= factor
	}
	r.Cubes *= factor * factor * factor
}
