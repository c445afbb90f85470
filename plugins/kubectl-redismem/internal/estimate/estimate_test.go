package estimate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// keyspace is a database whose truth is known: sizes by pattern, in the order in
// which a scan names the keys.
type keyspace struct {
	pattern []int
	size    []int64
	truth   []float64 // bytes by pattern
	keys    []int64
	bytes   float64
}

func (k *keyspace) add(pattern int, size float64) {
	for len(k.truth) <= pattern {
		k.truth, k.keys = append(k.truth, 0), append(k.keys, 0)
	}
	s := int64(size) + 48
	k.pattern, k.size = append(k.pattern, pattern), append(k.size, s)
	k.truth[pattern] += float64(s)
	k.keys[pattern]++
	k.bytes += float64(s)
}

func (k *keyspace) shuffle(r *rand.Rand) {
	r.Shuffle(len(k.size), func(i, j int) {
		k.size[i], k.size[j] = k.size[j], k.size[i]
		k.pattern[i], k.pattern[j] = k.pattern[j], k.pattern[i]
	})
}

func logNormal(r *rand.Rand, median, sigma float64) float64 {
	return median * math.Exp(sigma*r.NormFloat64())
}

// spaces are the shapes of data that the intervals are judged by.
var spaces = map[string]func(r *rand.Rand) *keyspace{
	"log-normal, sigma 1 to 2": func(r *rand.Rand) *keyspace {
		k := &keyspace{}
		for i := range 200_000 {
			p := i % 8
			k.add(p, logNormal(r, 200, 1+float64(p)/7))
		}
		k.shuffle(r)
		return k
	},
	"mixtures": func(r *rand.Rand) *keyspace {
		k := &keyspace{}
		for i := range 200_000 {
			p := i % 6
			size := logNormal(r, 100, 0.2)
			if r.Float64() < 0.02*float64(1+p) {
				size *= 40 // a second kind among the same names
			}
			k.add(p, size)
		}
		k.shuffle(r)
		return k
	},
	"rare patterns": func(r *rand.Rand) *keyspace {
		k := &keyspace{}
		for i := range 200_000 {
			switch {
			case i%100 == 0:
				k.add(1, logNormal(r, 400, 0.8)) // 1 % of the keys
			case i%1000 == 1:
				k.add(2, logNormal(r, 6000, 0.8)) // 0.1 %
			default:
				k.add(0, logNormal(r, 150, 0.5))
			}
		}
		k.shuffle(r)
		return k
	},
	// A cluster's node names its keys slot by slot: those of one hash tag together,
	// and of one size.
	"slot-ordered": func(r *rand.Rand) *keyspace {
		k := &keyspace{}
		for len(k.size) < 200_000 {
			p := r.IntN(6)
			median := logNormal(r, 200, 0.7)
			for range 1 + r.IntN(60) {
				k.add(p, logNormal(r, median, 0.3))
			}
		}
		return k
	},
}

// One hundred runs would tell 93 from 95 by luck only.
const (
	runs   = 500
	wanted = runs * 93 / 100
)

// covered counts in how many seeded runs the interval holds the truth, for
// each pattern with at least 1 % of the bytes.
func covered(t *testing.T, k *keyspace, run func(r *rand.Rand) []Interval) {
	t.Helper()
	hits := make([]int, len(k.truth))
	widest := make([]float64, len(k.truth))
	for seed := range runs {
		for p, i := range run(rand.New(rand.NewPCG(uint64(seed), 1))) {
			if math.Abs(i.Value-k.truth[p]) <= i.Half {
				hits[p]++
			}
			widest[p] += i.Relative() / runs
		}
	}
	for p, n := range hits {
		share := k.truth[p] / k.bytes
		if share < 0.01 {
			continue
		}
		t.Logf("pattern %d, %4.1f %% of bytes: %d of %d, ± %.1f %% on average", p, 100*share, n, runs, 100*widest[p])
		if n < wanted {
			t.Errorf("pattern %d: %d of %d intervals hold the truth, want %d", p, n, runs, wanted)
		}
		if math.IsInf(widest[p], 0) || widest[p] > 1 {
			t.Errorf("pattern %d: intervals are ± %.0f %% wide: they say nothing", p, 100*widest[p])
		}
	}
}

func TestIntervalsOfSizedPartHoldTheTruth(t *testing.T) {
	for name, space := range spaces {
		t.Run(name, func(t *testing.T) {
			k := space(rand.New(rand.NewPCG(7, 7)))
			covered(t, k, func(r *rand.Rand) []Interval {
				samples := make([]Sample, len(k.truth))
				for i, size := range k.size {
					s := &samples[k.pattern[i]]
					p := 1.0 // falls as a scan goes on, as a policy would have it
					switch {
					case s.N > 1000:
						p = 1. / 32
					case s.N > 64:
						p = 1. / 8
					}
					if p == 1 || r.Float64() < p {
						s.Add(size, p)
					}
				}
				out := make([]Interval, len(samples))
				for i, s := range samples {
					out[i] = s.Total(k.keys[i])
				}
				return out
			})
		})
	}
}

// Two thousand pages are half of what the mode keys asks for by default.
func TestIntervalsOfRandomPagesHoldTheTruth(t *testing.T) {
	const pages, perPage = 2000, 50
	for name, space := range spaces {
		t.Run(name, func(t *testing.T) {
			k := space(rand.New(rand.NewPCG(8, 8)))
			covered(t, k, func(r *rand.Rand) []Interval {
				var whole Replicates
				sets := make([]Replicates, len(k.truth))
				for page := range pages {
					at := r.IntN(len(k.size))
					for i := range perPage {
						j := (at + i) % len(k.size)
						whole.Add(page%Groups, k.size[j], 1)
						sets[k.pattern[j]].Add(page%Groups, k.size[j], 1)
					}
				}
				out := make([]Interval, len(sets))
				for i := range sets {
					_, out[i] = sets[i].Of(&whole, int64(len(k.size)))
				}
				return out
			})
		})
	}
}

// Prefixes of 1 % of the bytes and more are within 5 % when 100,000 sizes are known.
func TestHundredThousandSizesAreCloseEnough(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	const keys = 1_000_000
	k := &keyspace{}
	for i := range keys {
		k.add(i%20, logNormal(r, 100, 0.5+float64(i%20)/20))
	}
	samples := make([]Sample, 20)
	for i, size := range k.size {
		if r.Float64() < 0.1 {
			samples[k.pattern[i]].Add(size, 0.1)
		}
	}
	for p, s := range samples {
		i := s.Total(k.keys[p])
		off := math.Abs(i.Value-k.truth[p]) / k.truth[p]
		t.Logf("pattern %2d, %.1f %% of bytes, %d sizes: off by %.2f %%, ± %.2f %%",
			p, 100*k.truth[p]/k.bytes, s.N, 100*off, 100*i.Relative())
		if k.truth[p] >= 0.01*k.bytes && off > 0.05 {
			t.Errorf("pattern %d is off by %.1f %%", p, 100*off)
		}
	}
}

func TestSampleKnowsWhatItDoesNotKnow(t *testing.T) {
	var none, one, same Sample
	one.Add(100, 0.5)
	for range 64 {
		same.Add(100, 1)
	}
	if i := none.Total(0); i != (Interval{}) {
		t.Errorf("no keys take %v", i)
	}
	if i := none.Total(5); i.Known() {
		t.Errorf("nothing was sized, but the total is %v", i)
	}
	if _, _, ok := none.Total(5).Rounded(); ok {
		t.Error("what is not known was rounded to a number")
	}
	if i := one.Total(2); !i.Known() || i.Half < 100 {
		t.Errorf("one of two keys was sized, and the total is %v", i)
	}
	if i := same.Total(64); i != (Interval{Value: 6400}) {
		t.Errorf("all were sized, and the total is %v", i)
	}
	if i := same.Total(6400); i.Half == 0 || !i.Known() || i.Relative() > 0.1 {
		t.Errorf("64 equal sizes of 6400 keys give %v", i)
	}
	var a, b Sample
	a.Add(10, 1)
	b.Add(1000, 0.25)
	sum := a
	sum.Merge(b)
	a.Add(1000, 0.25)
	if sum != a {
		t.Errorf("merged: %v, added: %v", sum, a)
	}
}

func TestReplicatesKnowWhatTheyDoNotKnow(t *testing.T) {
	var whole, part Replicates
	if keys, bytes := part.Of(&whole, 10); keys.Known() || bytes.Known() {
		t.Errorf("no page was read, but there are %v keys of %v bytes", keys, bytes)
	}
	whole.Add(3, 100, 1)
	part.Add(3, 100, 1)
	if keys, bytes := part.Of(&whole, 10); keys != (Interval{Value: 10}) || bytes.Known() {
		t.Errorf("one replicate gives %v keys of %v bytes", keys, bytes)
	}
	for i := range Groups {
		whole.Add(i, 100, 1)
		whole.Add(i, 100, 1)
		part.Add(i, 100, 1)
	}
	if s := part.Share(&whole); s.Half == 0 || !s.Known() {
		t.Errorf("the share is %v", s)
	}
}

func TestApportionAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		weights := make([]float64, 1+r.IntN(40))
		for i := range weights {
			weights[i] = math.Floor(r.Float64()*3) * math.Exp(20*r.NormFloat64())
		}
		total := r.Int64N(1 << (1 + r.IntN(62)))
		sum, heavy := int64(0), false
		for _, w := range weights {
			heavy = heavy || w > 0
		}
		for i, part := range Apportion(total, weights) {
			if part < 0 || heavy && weights[i] == 0 && part != 0 {
				t.Fatalf("weight %v of %v got %d of %d", weights[i], weights, part, total)
			}
			sum += part
		}
		if sum != total {
			t.Fatalf("parts of %d add up to %d: %v", total, sum, weights)
		}
	}
	odd := []float64{math.NaN(), math.Inf(1), -1, 2}
	if got := Apportion(8, odd); got[0] != 0 || got[1] != 4 || got[2] != 0 || got[3] != 4 {
		t.Errorf("weights %v got %v", odd, got)
	}
	if got := Apportion(10, []float64{1, 1, 1}); got[0]+got[1]+got[2] != 10 || got[2] < 3 || got[0] != 4 {
		t.Errorf("three equal weights got %v of 10", got)
	}
	if got := Scale([]int64{100, 300, 0}, 0.99); got[0] != 99 || got[1] != 297 || got[2] != 0 {
		t.Errorf("scaled to %v", got)
	}
}

func TestQuantile(t *testing.T) {
	for freedom, want := range map[int64]float64{-1: 12.706, 1: 12.706, 7: 2.365, 11: 2.201, 20: 2.086, 31: 2.0395, 120: 1.9799, 1 << 40: 1.95996} {
		if got := quantile(freedom); math.Abs(got-want) > 0.001 {
			t.Errorf("t(%d) is %.4f, want %.4f", freedom, got, want)
		}
	}
}
