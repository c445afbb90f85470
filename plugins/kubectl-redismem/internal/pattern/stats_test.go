package pattern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHistogram: every value is in the bin that says so, and quantiles are near.
func TestHistogram(t *testing.T) {
	for bin := range 4*61 - 4 {
		from, to := lowest(bin), lowest(bin+1)
		if binOf(from) != bin || binOf(to-1) != bin || to <= from {
			t.Fatalf("bin %d is from %d to %d, but %d is in %d and %d in %d", bin, from, to, from, binOf(from), to-1, binOf(to-1))
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var whole, left, right Histogram
	var all []int64
	for i := range 10_000 {
		x := rng.Int64N(1 << (4 + i%30))
		all = append(all, x)
		whole.Add(x, 1)
		if i%3 == 0 {
			left.Add(x, 1)
		} else {
			right.Add(x, 1)
		}
	}
	left.Merge(&right)
	if fmt.Sprint(left) != fmt.Sprint(whole) || whole.Keys() != 10_000 {
		t.Errorf("merged %v, want %v", left, whole)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
		want, got := all[min(9999, int(q*10_000))], whole.Quantile(q)
		if d := float64(got-want) / float64(max(8, want)); d > 0.2 || d < -0.2 {
			t.Errorf("quantile %v = %d, want about %d", q, got, want)
		}
	}
}

// TestMergeKeepsCopies: a copy of figures is a snapshot.
func TestMergeKeepsCopies(t *testing.T) {
	var a, b Stats
	for i := range int64(100) {
		a.count(i, 0, true)
		b.count(1000+i, 1, true)
	}
	before, copied := fmt.Sprint(*a.Sizes(), a.Total()), a
	copied.Merge(b)
	copied.Merge(b)
	if after := fmt.Sprint(*a.Sizes(), a.Total()); after != before || a.Keys != 100 {
		t.Errorf("merging into a copy changed %s to %s", before, after)
	}
	if copied.Keys != 300 || copied.Sizes().Keys() != 100+400 {
		t.Errorf("merged: %+v, %v", copied, copied.Sizes())
	}
}

// TestSampledTotalCoversTruth: of groups of which a part was sized the interval
// holds the truth, and what was sized whole is exact.
func TestSampledTotalCoversTruth(t *testing.T) {
	const runs, keys = 200, 20_000
	missed := 0
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 7))
		tree := New(Options{Detailed: true})
		truth := int64(0)
		for i := range keys {
			size := int64(50 + rng.ExpFloat64()*400)
			name := fmt.Appendf(nil, "user:%d", i)
			truth += size
			k := int8(0) // all of the first, then one of 16
			if i > 1000 {
				if k = 4; rng.IntN(16) != 0 {
					k = NotSized
				}
			}
			tree.Count(name, k, size)
			tree.Count(fmt.Appendf(nil, "cart:%d", i), 0, size)
		}
		for _, g := range tree.Groups() {
			total := g.Total()
			if g.Keys != keys || g.Pattern == "cart:*" && (total.Half != 0 || int64(total.Value) != truth) {
				t.Fatalf("%s: %d keys, %+v; want exactly %d", g.Pattern, g.Keys, total, truth)
			}
			if d := total.Value - float64(truth); d > total.Half || -d > total.Half {
				missed++
			}
		}
	}
	if missed > runs*7/100 {
		t.Errorf("the interval missed the truth in %d of %d runs", missed, runs)
	}
}

// TestDescribe: details belong to the group and survive merging.
func TestDescribe(t *testing.T) {
	one, two := New(Options{Detailed: true}), New(Options{Detailed: true})
	for i := range 100 {
		name := fmt.Appendf(nil, "s:%d", i)
		one.Add(name, 10)
		two.Add(name, 10)
		one.Describe(name, Facts{Type: "string", Encoding: "raw", TTL: 60, Idle: -1})
		two.Describe(name, Facts{Type: "hash", Encoding: "listpack", TTL: -1, Idle: 5})
	}
	one.Merge(two)
	groups := one.Groups()
	if len(groups) != 1 || groups[0].Detail() == nil {
		t.Fatalf("groups %+v", groups)
	}
	d := groups[0].Detail()
	if d.Looked != 200 || d.Types["string"] != 100 || d.Encodings["hash/listpack"] != 100 || d.NoTTL != 100 || d.TTL.Keys() != 100 || d.Idle.Keys() != 100 {
		t.Errorf("details %+v", d)
	}
}
