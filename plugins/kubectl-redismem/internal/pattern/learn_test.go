package pattern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func sampleOf(n int, name func(r *rand.Rand, i int) string) (names [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		names = append(names, []byte(name(r, i)))
	}
	return names
}

func TestLearn(t *testing.T) {
	hex := func(r *rand.Rand, n int) string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())[:n] }
	words := []string{"profile", "product", "production", "profit", "cart", "carton", "settings"}
	for name, tc := range map[string]struct {
		names      [][]byte
		separators string
		stems      []string
		patterns   []string
	}{
		"tilde": {sampleOf(500, func(r *rand.Rand, i int) string { return fmt.Sprintf("user~%d~%s", r.IntN(1e6), words[i%2]) }),
			"~", nil, []string{"user~*~product", "user~*~profile"}},
		"unit separator": {sampleOf(500, func(r *rand.Rand, _ int) string { return fmt.Sprintf("user\x1f%d", r.IntN(1e6)) }),
			"\x1f", nil, []string{`user\x1f*`}},
		"usual": {sampleOf(500, func(r *rand.Rand, i int) string { return fmt.Sprintf("%s:%d", words[i%len(words)], r.IntN(1e6)) }),
			"", nil, []string{"cart:*", "carton:*", "product:*", "production:*", "profile:*", "profit:*", "settings:*"}},
		"stem and hex": {sampleOf(500, func(r *rand.Rand, i int) string { return []string{"sess", "tok:user"}[i%2] + hex(r, 32) }),
			"", []string{"sess", "user"}, []string{"sess*", "tok:user*"}},
		"stem and UUID": {sampleOf(500, func(r *rand.Rand, i int) string {
			h := hex(r, 32)
			return "job" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		}), "", []string{"job"}, []string{"job*"}},
		"stem and names": {sampleOf(2000, func(r *rand.Rand, _ int) string { return "cartitem" + word(r, 8) }),
			"", []string{"cartitem"}, []string{"cartitem*"}},
		"binary": {sampleOf(500, func(r *rand.Rand, _ int) string {
			b := make([]byte, 20)
			for i := range b {
				b[i] = byte(r.UintN(256))
			}
			return string(b)
		}), "", nil, nil},
		"random":  {sampleOf(2000, func(r *rand.Rand, _ int) string { return word(r, 12) }), "", nil, []string{"*"}},
		"few":     {sampleOf(19, func(_ *rand.Rand, i int) string { return fmt.Sprintf("a~%d", i) }), "", nil, nil},
		"nothing": {},
	} {
		o := Options{}
		if separators := o.Learn(tc.names); separators != tc.separators || !slices.Equal(o.Stems, tc.stems) {
			t.Errorf("%s: separators %q, stems %q", name, separators, o.Stems)
		}
		if tc.patterns == nil {
			continue
		}
		tree := New(o)
		for _, n := range tc.names {
			tree.Add(n, 1)
		}
		var got []string
		for _, g := range tree.Summary(25) {
			got = append(got, g.Pattern)
		}
		if slices.Sort(got); !slices.Equal(got, tc.patterns) {
			t.Errorf("%s: %d patterns %.10q, want %q", name, len(got), got, tc.patterns)
		}
	}
}

func TestSeparatorsThatAreSetStay(t *testing.T) {
	o := Options{Separators: ":"}
	learned := o.Learn(sampleOf(500, func(r *rand.Rand, _ int) string { return fmt.Sprintf("sess~%016x", r.Uint64()) }))
	if learned != "" || o.Separators != ":" {
		t.Errorf("%q, %q", learned, o.Separators)
	}
}

// TestPath: the parts end where the tree's tokens do, whatever separates them.
func TestPath(t *testing.T) {
	tree := New(Options{Separators: "~:", Stems: []string{"sess"}})
	for _, k := range []string{"user~42~a.b", "sess9f2c41d07be3a855:x", "order12345", ""} {
		tree.Add([]byte(k), 1)
	}
	got := map[string][]string{}
	for _, g := range tree.Groups() {
		got[g.Pattern] = g.Path
		if strings.Join(g.Path, "") != g.Pattern {
			t.Errorf("%q has the path %q", g.Pattern, g.Path)
		}
	}
	for pattern, want := range map[string][]string{"user~*~a.b": {"user~", "*~", "a.b"}, "sess*:x": {"sess*:", "x"}, "order*": {"order*"}, "": nil} {
		if !slices.Equal(got[pattern], want) {
			t.Errorf("%q: %q, want %q", pattern, got[pattern], want)
		}
	}
}

// TestEveryKeyMatchesAPattern: whatever names look like, merged or not, each is found
// again by the pattern of a group.
func TestEveryKeyMatchesAPattern(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		keys := make([]string, 2000)
		for i := range keys {
			keys[i] = anyKey(r)
		}
		var sample [][]byte
		for _, k := range keys[:500] {
			sample = append(sample, []byte(k))
		}
		o := Options{MaxNodes: []int{0, 50, 300}[seed%3], Depth: int(seed % 4)}
		o.Learn(sample)
		tree := New(o)
		for _, k := range keys {
			tree.Add([]byte(k), 1+r.Int64N(100))
		}
		var globs []Glob
		for _, g := range tree.Summary(25) {
			globs = append(globs, NewGlob(g.Pattern))
		}
		for _, k := range keys {
			if !slices.ContainsFunc(globs, func(g Glob) bool { return g.Match([]byte(k)) }) {
				t.Fatalf("seed %d: %q is matched by none of %d patterns", seed, k, len(globs))
			}
		}
	}
}

func anyKey(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	switch r.IntN(8) {
	case 0:
		return fmt.Sprintf("user:%d:%s", r.IntN(1e6), pick("profile", "cart", "a*b", "[x]", `\`))
	case 1:
		return fmt.Sprintf("sess%016x", r.Uint64())
	case 2:
		return fmt.Sprintf("%s~%d", pick("a", "b", "c"), r.IntN(1000))
	case 3:
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = byte(r.UintN(256))
		}
		return string(b)
	case 4:
		return pick("2001:db8::1", "10.0.0.1", "2026-11-27T12:30:45Z", "é‮:x", "\xff\xfe", "", ":", "::") + pick("", ":1", "?")
	case 5:
		return word(r, 6) + pick(":", "/", "") + word(r, 3)
	case 6:
		return fmt.Sprintf("order%d", r.IntN(1e5))
	}
	return strings.Repeat(pick("x", ":", "ab:", "1"), r.IntN(200))
}
