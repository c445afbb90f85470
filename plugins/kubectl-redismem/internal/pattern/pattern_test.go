package pattern

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func patternsOf(t *testing.T, o Options, keys ...string) []string {
	t.Helper()
	tree := New(o)
	for _, k := range keys {
		tree.Add([]byte(k), 1)
	}
	var out []string
	for _, g := range tree.Groups() {
		out = append(out, g.Pattern)
	}
	slices.Sort(out)
	return out
}

func TestPatternOfKey(t *testing.T) {
	for key, want := range map[string]string{
		"BOOK-123":                      "BOOK-*",
		"session:9f2c41d07be3a855:cart": "session:*:cart",
		"user:550e8400-e29b-41d4-a716-446655440000:profile": "user:*:profile",
		"550e8400-e29b-41d4-a716-446655440000":              "*",
		"t42:user:7":                                        "t42:user:*",
		"order12345:lines":                                  "order*:lines",
		"order12345":                                        "order*",
		"order12":                                           "order12",
		"{user:1000}.following":                             "{user:*}.following",
		"01ARZ3NDEKTSV4RRFFQ69G5FAV:x":                      "*:x",
		"metrics.cpu.2024-01-15":                            "metrics.cpu.*",
		"a::b":                                              "a::b",
		"a:":                                                "a:",
		":":                                                 ":",
		":::":                                               ":::",
		"cache":                                             "cache",
		"cache2":                                            "cache2",
		"deadbeef":                                          "deadbeef",
		"deadbee5":                                          "*",
		"":                                                  "",
		"what*is[this]?\\":                                  `what\*is\[this\]\?\\`,
		"a\r\nb\x00\x1b[31m":                                `a\x0d\x0ab\x00\x1b\[31m`,
		"\xff\xfe:é‮":                                       `\xff\xfe:é\u202e`,
		strings.Repeat("x", 512<<10):                        "*",
		strings.Repeat(":", 512<<10):                        strings.Repeat(":", maxTokens) + "*",
	} {
		if got := patternsOf(t, Options{}, key); len(got) != 1 || got[0] != want {
			t.Errorf("pattern of %.60q = %.80q, want %q", key, got, want)
		}
	}
}

func TestPrefixThatIsAlsoAKey(t *testing.T) {
	got := patternsOf(t, Options{}, "cache", "cache:1", "cache2:1", "cache", "cache2")
	want := []string{"cache", "cache2", "cache2:*", "cache:*"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShortNumbersJoinTheirSeries(t *testing.T) {
	tree := New(Options{})
	for i := range 1000 {
		tree.Add(fmt.Appendf(nil, "order%d", i), 1)
		tree.Add(fmt.Appendf(nil, "order%d:lines", i), 1)
		tree.Add([]byte("v2:x"), 1)
	}
	tree.Add([]byte("v123:x"), 1)
	tree.Add([]byte("orders"), 1)
	got := map[string]int64{}
	for _, g := range tree.Groups() {
		got[g.Pattern] = g.Keys
	}
	want := map[string]int64{"order*": 1000, "order*:lines": 1000, "v2:x": 1000, "v*:x": 1, "orders": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	checkConserved(t, tree, tree.Total())
}

func TestDepthAndSeparators(t *testing.T) {
	if got := patternsOf(t, Options{Depth: 1}, "a:b:c", "a:b", "a"); !slices.Equal(got, []string{"a", "a:*"}) {
		t.Errorf("depth 1: %q", got)
	}
	if got := patternsOf(t, Options{Depth: 2}, "a:b:c"); !slices.Equal(got, []string{"a:b:*"}) {
		t.Errorf("depth 2: %q", got)
	}
	if got := patternsOf(t, Options{Separators: "|"}, "a:b|7"); !slices.Equal(got, []string{"a:b|*"}) {
		t.Errorf("separator |: %q", got)
	}
}

func TestPinsAreExact(t *testing.T) {
	tree := New(Options{Pins: []string{"BOOK-*", "absent:*", "*-9"}})
	for i := range 1000 {
		tree.Add(fmt.Appendf(nil, "BOOK-%d", i), 10)
		tree.Add(fmt.Appendf(nil, "FILM-%d", i), 1)
	}
	groups := tree.Groups()
	if len(groups) != 4 {
		t.Fatalf("groups: %+v", groups)
	}
	for i, want := range []Group{
		{Pattern: "BOOK-*", Pinned: true, Stats: Stats{Keys: 1000, Sized: 1000, Bytes: 10_000, Min: 10, Max: 10}},
		{Pattern: "absent:*", Pinned: true, Stats: Stats{}},
		{Pattern: "*-9", Pinned: true, Stats: Stats{Keys: 1, Sized: 1, Bytes: 1, Min: 1, Max: 1}}, // BOOK-9 went to the first pin
		{Pattern: "FILM-*", Stats: Stats{Keys: 999, Sized: 999, Bytes: 999, Min: 1, Max: 1}},
	} {
		if groups[i].Shape, groups[i].Path = "", nil; !reflect.DeepEqual(groups[i], want) {
			t.Errorf("group %d = %+v, want %+v", i, groups[i], want)
		}
	}
}

func TestNamesUsedAsIDsFold(t *testing.T) {
	tree := New(Options{})
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		tree.Add([]byte("user:"+word(r, 8)+":profile"), 100)
	}
	tree.Add([]byte("config:flags"), 5)
	groups := tree.Groups()
	if len(groups) != 2 {
		t.Fatalf("%d groups, want user:*:profile and config:flags; first: %+v", len(groups), groups[0])
	}
}

func word(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('g' + r.IntN(20)) // no hex digits: nothing to recognise but that there are many
	}
	return string(b)
}

// TestConservation: whatever the keys, the groups add up to what was added, and
// no pattern holds a byte that a terminal could act on.
func TestConservation(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		tree := New(Options{MaxNodes: 16 + r.IntN(200), Depth: r.IntN(4), Pins: []string{"a*", "?"}[:r.IntN(3)]})
		var want Stats
		for range 3000 {
			key, size := randomKey(r), int64(r.IntN(1<<r.IntN(30)))
			tree.Add(key, size)
			want.Add(size)
			if tree.nodes > tree.maxNodes {
				t.Fatalf("seed %d: %d nodes, bound %d", seed, tree.nodes, tree.maxNodes)
			}
		}
		checkConserved(t, tree, want)
		for _, top := range []int{0, 1, 25} {
			var got Stats
			for _, g := range tree.Summary(top) {
				got.Merge(g.Stats)
			}
			if got != want {
				t.Errorf("seed %d: the summary of %d adds up to %+v, want %+v", seed, top, got, want)
			}
		}
		if got := tree.root.count(); got != tree.nodes {
			t.Errorf("seed %d: counted %d nodes, have %d", seed, tree.nodes, got)
		}
	}
}

func checkConserved(t *testing.T, tree *Tree, want Stats) {
	t.Helper()
	var got Stats
	seen := map[string]bool{}
	for _, g := range tree.Groups() {
		got.Merge(g.Stats)
		if !g.Pinned && seen[g.Pattern] {
			t.Errorf("pattern %q twice", g.Pattern)
		}
		seen[g.Pattern] = true
		if !utf8.ValidString(g.Pattern) || strings.ContainsFunc(g.Pattern, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("pattern %q is not printable", g.Pattern)
		}
	}
	if got != want || tree.Total() != want {
		t.Errorf("groups %+v, total %+v, added %+v", got, tree.Total(), want)
	}
}

func randomKey(r *rand.Rand) []byte {
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return b
	case 2:
		return bytes.Repeat([]byte{DefaultSeparators[r.IntN(len(DefaultSeparators))]}, r.IntN(30))
	case 3:
		return fmt.Appendf(nil, "a:%d:%s\r\n\x00\x1b", r.IntN(1e6), word(r, 2))
	case 4:
		return fmt.Appendf(nil, "%s%d:%s", word(r, 3), r.IntN(1e5), word(r, 1))
	}
	var b []byte
	for range 1 + r.IntN(6) {
		b = append(b, word(r, 1+r.IntN(3))...)
		b = append(b, DefaultSeparators[r.IntN(len(DefaultSeparators))])
	}
	return b
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("BOOK-1\nBOOK-2"), 3)
	f.Add([]byte("\x00\xff:::{}\n\n*"), 1)
	f.Fuzz(func(t *testing.T, lines []byte, maxNodes int) {
		tree := New(Options{MaxNodes: max(maxNodes%100, 1)})
		var want Stats
		for i, key := range bytes.Split(lines, []byte("\n")) {
			tree.Add(key, int64(i))
			want.Add(int64(i))
		}
		checkConserved(t, tree, want)
	})
}

func TestHugeKeysDoNotDrown(t *testing.T) {
	tree := New(Options{MaxNodes: 500})
	r := rand.New(rand.NewPCG(3, 3))
	for range 200_000 {
		tree.Add([]byte(word(r, 10)), 50)
	}
	tree.Add([]byte("blob:archive"), 500<<20) // late, when the place for names is closed
	for _, g := range tree.Groups() {
		if g.Pattern == "blob:archive" && g.Keys == 1 {
			return
		}
	}
	t.Errorf("blob:archive has nearly all the bytes and no group: %+v", tree.Groups())
}

func TestMemoryIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	tree := New(Options{})
	for range 1_000_000 {
		tree.Add([]byte(word(r, 20)+":"+word(r, 6)), 64)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 16<<20 {
		t.Errorf("heap after a million different names: %d MB", m.HeapAlloc>>20)
	}
	runtime.KeepAlive(tree)
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, key string
		want      bool
	}{
		{"BOOK-*", "BOOK-", true}, {"BOOK-*", "BOOK-1", true}, {"BOOK-*", "BOOK", false}, {"BOOK-*", "xBOOK-1", false},
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*c", "abcbc", true}, {"a*c", "abcb", false},
		{"*:cart", "s:1:cart", true}, {"?", "a", true}, {"?", "", false}, {"a?c", "a\nc", true},
		{"[a-c]x", "bx", true}, {"[^a-c]x", "bx", false}, {"[^a-c]x", "dx", true}, {"[c-a]", "b", true},
		{`a\*`, "a*", true}, {`a\*`, "ab", false}, {`[\]]`, "]", true}, {"[ab", "b", true}, {`a\`, `a\`, true},
		{`a\x1b\u00e9*`, "a\x1bé1", true}, {`\x2a`, "*", true}, {`\x2a`, "a", false}, {`\x2a*`, "*a", true}, {`\U0001f600`, "😀", true},
		{`\xg1`, "xg1", true}, {`\x1`, "x1", true}, {`[\x00-\x1f]`, "\x10", true}, {`[\x5d]`, "]", true}, {`\\x41`, `\x41`, true},
		{"a**b", "ab", true}, {"*a*b*", "xxaxxbxx", true}, {"**", "", true},
	} {
		if got := NewGlob(c.glob).Match([]byte(c.key)); got != c.want {
			t.Errorf("%q matches %q = %v, want %v", c.glob, c.key, got, c.want)
		}
	}
}

// TestPatternsAreGlobs: what a report shows for any single key can be given back
// as a pin and matches that key; and no two globs are shown the same.
func TestPatternsAreGlobs(t *testing.T) {
	for _, key := range []string{"a\r\nb\x00\x1b[31m", "\xff\xfe:é\u202e", `what*is[this]?\`, "\U000e0001", `\x41`, "^-"} {
		g := NewGlob(string(AppendEscaped(nil, key)))
		if !g.Match([]byte(key)) || g.String() != string(AppendEscaped(nil, key)) {
			t.Errorf("%q does not match its own pattern %q", key, g)
		}
	}
	for text, want := range map[string]string{"a\x1b*": `a\x1b*`, "\\\x1b": `\x1b`, "\\\\\x1b": `\\\x1b`, "a\nb": `a\x0ab`, `a\nb`: `a\nb`, "\xff": `\xff`} {
		if got := NewGlob(text).String(); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	b.Run("typical", func(b *testing.B) {
		var keys [][]byte
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 10_000 {
			keys = append(keys, fmt.Appendf(nil, "%s:%d:profile", []string{"user", "session", "cart", "BOOK-x"}[i%4], r.IntN(1e7)))
		}
		benchAdd(b, keys)
	})
	b.Run("all-unique-names", func(b *testing.B) {
		var keys [][]byte
		r := rand.New(rand.NewPCG(1, 2))
		for range 1_000_000 {
			keys = append(keys, []byte(word(r, 12)))
		}
		benchAdd(b, keys)
	})
}

func benchAdd(b *testing.B, keys [][]byte) {
	tree := New(Options{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tree.Add(keys[i%len(keys)], 100)
	}
}
