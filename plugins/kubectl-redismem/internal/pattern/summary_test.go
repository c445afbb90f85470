package pattern

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

func keysOf(groups []Group) map[string]int64 {
	out := map[string]int64{}
	for _, g := range groups {
		out[g.Pattern] = g.Keys
	}
	return out
}

// TestTenantsWithWordNamesFold: tenants are IDs, what follows them is not; and
// the kinds of things that a few heavy prefixes name stay apart.
func TestTenantsWithWordNamesFold(t *testing.T) {
	for _, tenants := range []int{30, 100, 300} {
		tree := New(Options{})
		r := rand.New(rand.NewPCG(9, 9))
		for range tenants {
			name := word(r, 8)
			for i := range 10 {
				for _, kind := range []string{"invoice", "cart", "session"} {
					tree.Add(fmt.Appendf(nil, "%s:%s:%d", name, kind, i), 100)
				}
			}
		}
		want := map[string]int64{}
		for _, kind := range []string{"invoice", "cart", "session"} {
			want["*:"+kind+":*"] = int64(10 * tenants)
		}
		for i := range tenants {
			for _, prefix := range []string{"user", "job", "lock"} {
				tree.Add(fmt.Appendf(nil, "%s:%d", prefix, i), 1000)
				want[prefix+":*"]++
			}
		}
		if got := keysOf(tree.Summary(25)); !maps.Equal(got, want) {
			t.Errorf("%d tenants: %d groups %.300v, want %v", tenants, len(got), got, want)
		}
		checkConserved(t, tree, tree.Total())
	}
}

func TestPrefixesBuiltAlikeButFewOrHeavyStay(t *testing.T) {
	few, heavy := New(Options{}), New(Options{})
	for i := range 100 {
		for p := range 7 {
			few.Add(fmt.Appendf(nil, "%c-app:lock:%d", 'h'+p, i), 100)
			few.Add(fmt.Appendf(nil, "%c-app:job:%d", 'h'+p, i), 100)
		}
		for p := range 12 {
			heavy.Add(fmt.Appendf(nil, "%s:%d", string(rune('g'+p)), i), 100)
		}
	}
	if got := keysOf(few.Summary(3)); len(got) != 14 {
		t.Errorf("7 prefixes folded: %v", got)
	}
	if got := keysOf(heavy.Summary(2)); len(got) != 12 {
		t.Errorf("prefixes of numbers folded: %v", got)
	}
}

func TestLateHeavyNameInACrowd(t *testing.T) {
	tree := New(Options{})
	r := rand.New(rand.NewPCG(4, 4))
	for range 30_000 {
		tree.Add([]byte("p:"+word(r, 9)), 60)
	}
	tree.Add([]byte("p:orders:list:late"), 20<<20)
	if got := keysOf(tree.Summary(25)); got["p:orders:list:late"] != 1 {
		t.Errorf("no group of its own: %v", got)
	}
}

// TestSeriesStaysWhole: the place closes in the middle of a series.
func TestSeriesStaysWhole(t *testing.T) {
	tree := New(Options{MaxNodes: 2000})
	r := rand.New(rand.NewPCG(6, 6))
	for i := range 8000 {
		tree.Add(fmt.Appendf(nil, "p:user%d", 1000+i), 60)
		tree.Add(fmt.Appendf(nil, "{user%d}:cart", 1000+i), 60)
		tree.Add([]byte("p:"+word(r, 9)), 60)
		tree.Add([]byte("{"+word(r, 9)+"}:cart"), 60)
	}
	got := keysOf(tree.Groups())
	for _, whole := range []string{"p:user*", "p:*", "{user*}:cart", "{*}:cart"} {
		if got[whole] != 8000 {
			t.Errorf("%s has %d keys, want 8000; all: %v", whole, got[whole], got)
		}
	}
}

// TestIDsThatLookLikeNames: hex strings that happen to have no digit are not names.
func TestIDsThatLookLikeNames(t *testing.T) {
	tree := New(Options{})
	for i := range 100_000 {
		tree.Add(fmt.Appendf(nil, "cache:%08x", i*2654435761%(1<<32)), 100)
	}
	for _, name := range []string{"cache:abdabbbf", "cache:bebadead", "cache:efefabab"} {
		tree.Add([]byte(name), 100)
	}
	tree.Add([]byte("cache:config"), 1_000_000) // a large one stays
	got := map[string]int64{}
	for _, g := range tree.Summary(25) {
		got[g.Pattern] = g.Keys
	}
	if len(got) != 2 || got["cache:*"] != 100_003 || got["cache:config"] != 1 {
		t.Errorf("groups %v", got)
	}
}
