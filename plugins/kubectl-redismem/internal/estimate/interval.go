package estimate

import "math"

// Interval is an estimate and the half-width of its 95 % interval. Half is 0 if
// the value is exact and +Inf if nothing is known.
type Interval struct {
	Value, Half float64
}

// Known reports whether there is an estimate at all.
func (i Interval) Known() bool {
	return !math.IsInf(i.Half, 0) && !math.IsNaN(i.Half) && !math.IsNaN(i.Value)
}

// Relative is the half-width as a share of the value: 0.05 is ± 5 %. It is +Inf
// for an unknown value, and for an uncertain one of 0.
func (i Interval) Relative() float64 {
	switch {
	case i.Half == 0:
		return 0
	case !i.Known() || i.Value <= 0:
		return math.Inf(1)
	}
	return i.Half / i.Value
}

// Plus is the sum of two independent estimates, such as of disjoint sets. It is
// unknown if one of them is.
func (i Interval) Plus(o Interval) Interval {
	return Interval{Value: i.Value + o.Value, Half: math.Hypot(i.Half, o.Half)}
}

// Rounded is the interval in whole units for a report. The half-width is rounded
// up: what is not exact is never ± 0. It is false if the value is not known, which
// no number can say.
func (i Interval) Rounded() (value, half int64, ok bool) {
	if !i.Known() {
		return 0, 0, false
	}
	return whole(math.Round(i.Value)), whole(math.Ceil(i.Half)), true
}

// whole converts without the overflow that Go leaves undefined.
func whole(x float64) int64 {
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(x)
}

// quantile is the 97.5 % quantile of Student's t with the given degrees of
// freedom, at least 1: what 1.96 is for a large sample. The first are from its
// table, the rest from Cornish and Fisher's expansion, which is right to three
// digits there.
func quantile(freedom int64) float64 {
	table := [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228}
	if freedom < 1 {
		freedom = 1
	}
	if freedom <= int64(len(table)) {
		return table[freedom-1]
	}
	const z = 1.959964
	n := float64(freedom)
	return z + (z*z*z+z)/(4*n) + (5*z*z*z*z*z+16*z*z*z+3*z)/(96*n*n) +
		(3*z*z*z*z*z*z*z+19*z*z*z*z*z+17*z*z*z-15*z)/(384*n*n*n)
}
