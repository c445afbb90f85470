package fold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// each makes names from a pattern with one %d, for a range of numbers.
func each(format string, from, to int) []string {
	var names []string
	for n := from; n <= to; n++ {
		names = append(names, fmt.Sprintf(format, n))
	}
	return names
}

func words(s string) []string { return strings.Fields(s) }

func TestFold(t *testing.T) {
	for _, tc := range []struct {
		about string
		names []string
		want  string
	}{
		{"nothing", nil, ""},
		{"one name", words("web-0"), "web-0"},
		{"two in a row", words("web-0 web-1"), "web-[0-1]"},
		{"a hole", append(each("web-%d", 0, 41), each("web-%d", 43, 199)...), "web-[0-41,43-199]"},
		{"over the end of a decade", words("foo8 foo9 foo10 foo11"), "foo[8-11]"},
		{"order and duplicates do not matter", words("w-3 w-1 w-2 w-1 w-3"), "w-[1-3]"},
		{"no range of what is apart", words("a1 a3 a5"), "a[1,3,5]"},

		{"padding is kept", words("foo01 foo03 foo02 foo00"), "foo[00-03]"},
		{"padded into unpadded", words("n09 n10"), "n[09-10]"},
		{"unpadded", words("n9 n10"), "n[9-10]"},
		{"padded over a hundred", words("n099 n100"), "n[099-100]"},
		{"padded over its own width", words("n98 n099 n100 n1000 n0999"), "n[98,099-100,0999-1000]"},
		{"mixed padding is not one range", words("foo0 foo03 foo01 foo2"), "foo[0,01,2,03]"},
		{"zeros alone", words("foo1 foo01 foo02 foo3 foo5 foo00"), "foo[00-02,1,3,5]"},
		{"0, 00 and 000 are three", words("n0 n00 n000"), "n[0,00,000]"},

		{"embedded numerals", words("foo1x8 foo1x9 foo1x10 foo1x11"), "foo1x[8-11]"},
		{"a suffix", words("foo1s foo01s foo02s foo3s foo5s foo00s"), "foo[00-02,1,3,5]s"},
		{"a suffix with a numeral", words("foo1s0 foo01s0 foo02s0 foo3s0 foo5s0 foo00s0"), "foo[00-02,1,3,5]s0"},
		{"two fields", words("r1-n0 r1-n1 r2-n0 r2-n1"), "r[1-2]-n[0-1]"},
		{"two fields with a hole", words("r1-n0 r1-n1 r2-n0"), "r1-n[0-1],r2-n0"},
		{"three fields", words("a0b0c0 a0b0c1 a0b1c0 a0b1c1 a1b0c0 a1b0c1 a1b1c0 a1b1c1"), "a[0-1]b[0-1]c[0-1]"},
		{"several words", words("foo1 foo2 foo5 bar0 bar1"), "bar[0-1],foo[1-2,5]"},
		{"a node of a cloud", words("ip-10-0-1-7.ec2.internal ip-10-0-1-8.ec2.internal"), "ip-10-0-1-[7-8].ec2.internal"},

		{"digits only", words("1 2 3 10"), "[1-3,10]"},
		{"a host named 0", words("0"), "0"},
		{"0 among others", words("0 1 a"), "[0-1],a"},
		{"the longest number", words("n999999999999999998 n999999999999999999"), "n[999999999999999998-999999999999999999]"},
		{"too long for a number", words("n1000000000000000000 n1000000000000000001"), "n1000000000000000000,n1000000000000000001"},

		{"namespaces", words("a/web-0 a/web-1 b/web-0"), "a/web-[0-1],b/web-0"},
		{"numbered namespaces", words("t1/web-0 t1/web-1 t2/web-0 t2/web-1"), "t[1-2]/web-[0-1]"},
		{"contexts", words("eu:prod/web-0 eu:prod/web-1"), "eu:prod/web-[0-1]"},

		{"pods of a deployment", words("web-7d4b9f8c6d-x2x4z web-7d4b9f8c6d-bvnm5"), "web-7d4b9f8c6d-{bvnm5,x2x4z}"},
		{"two ReplicaSets", words("web-7d4b9f8c6d-x2x4z web-7d4b9f8c6d-bvnm5 web-5f6c7d8b9d-x2x4z"), "web-5f6c7d8b9d-x2x4z,web-7d4b9f8c6d-{bvnm5,x2x4z}"},
		{"pods of a DaemonSet", words("fluentd-x2x4z fluentd-bvnm5"), "fluentd-{bvnm5,x2x4z}"},
		{"a random end of digits", words("fluentd-x2x4z fluentd-24567"), "fluentd-{24567,x2x4z}"},
		{"numbers that look random", words("job-24567 job-24568"), "job-[24567-24568]"},
		{"a numbered deployment", words("shard-1-7d4b9f8c6d-x2x4z shard-2-7d4b9f8c6d-x2x4z"), "shard-[1-2]-7d4b9f8c6d-x2x4z"},
		{"words are not random", words("web-proxy web-admin"), "web-admin,web-proxy"},
		{"random ends next to numbers", words("web-0 web-1 web-x2x4z web-bvnm5"), "web-[0-1],web-{bvnm5,x2x4z}"},

		{"the empty name", []string{""}, "{}"},
		{"the empty name among others", []string{"", "a"}, "{},a"},
		{"what has a meaning here", []string{`a,b`, `c[0-1]`, `d{e}`, `f\`}, `a\,b,c\[0-1\],d\{e\},f\\`},
		{"blanks and other letters", []string{"käse 1", "käse 2"}, "käse [1-2]"},
	} {
		t.Run(tc.about, func(t *testing.T) {
			if got := Fold(tc.names); got != tc.want {
				t.Errorf("Fold(%q) = %q, want %q", tc.names, got, tc.want)
			}
			checkExact(t, tc.names)
		})
	}
}

// checkExact holds Fold to its promise.
func checkExact(t *testing.T, names []string) {
	t.Helper()
	want := slices.Clone(names)
	slices.SortFunc(want, Compare)
	want = slices.Compact(want)
	folded := Fold(names)
	got, err := Unfold(folded)
	if err != nil {
		t.Fatalf("Unfold(Fold(%q)): %v", names, err)
	}
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unfold(%q) (-want +got):\n%s", folded, diff)
	}
}

func TestFoldIsExactAndWhateverTheOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"0", "1", "2", "9", "09", "10", "00", "a", "-", "-x2x4z", "-bvnm5", "-24567", "web", "-7d4b9f8c6d", "/", ".", ""}
	for range 1000 {
		names := make([]string, rnd.IntN(40))
		for i := range names {
			for range rnd.IntN(5) {
				names[i] += pieces[rnd.IntN(len(pieces))]
			}
		}
		before := Fold(names)
		checkExact(t, names)
		rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		if after := Fold(names); after != before {
			t.Fatalf("Fold depends on the order: %q and %q", before, after)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("web-0\nweb-1\nweb-07")
	f.Add("a1b2\na2b1\na1b1\na2b2")
	f.Add("web-7d4b9f8c6d-x2x4z\nweb-7d4b9f8c6d-24567\n{},[]\\")
	f.Add("")
	f.Fuzz(func(t *testing.T, in string) {
		checkExact(t, strings.Split(in, "\n"))
	})
}

func FuzzUnfold(f *testing.F) {
	for _, seed := range []string{"a[0-3,07-12]b{x,y}", "[0-", "{", "a,,b", `\`, "[9-1]", "[00-1]", "[0-99][0-99][0-99][0-99]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		names, err := Unfold(expr)
		if err == nil && len(names) < 1000 {
			checkExact(t, names)
		}
	})
}

func TestUnfoldRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		"web-[0-3":        `'[' is not closed`,
		"web-{a,b":        `'{' is not closed`,
		"web-0]":          `']' closes nothing`,
		"web-[3-0]":       `"3-0" is no range`,
		"web-[01-2]":      `"01-2" is no range`,
		"web-[1-02]":      `"1-02" is no range`,
		"web-[a-c]":       `"a" is no number`,
		"web-[]":          `"" is no number`,
		"web-[[0]]":       `'[' within '['`,
		"a,,b":            "a name is missing at offset 2",
		"a,":              "a name is missing at offset 2",
		`a\`:              "nothing follows the last backslash",
		"[0-9999999999]":  "more than 1048576 names",
		"[0-9999][0-999]": "more than 1048576 names",
	} {
		names, err := Unfold(expr)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Unfold(%q) = %q, %v; want an error with %q", expr, names, err, want)
		}
	}
}

func TestUnfoldJoinsOverlaps(t *testing.T) {
	got, err := Unfold("w[1-3],w[2-4],w{a,1}")
	if want := words("w1 w2 w3 w4 wa"); err != nil || !slices.Equal(got, want) {
		t.Errorf("Unfold() = %q, %v; want %q", got, err, want)
	}
}

func TestFoldWidth(t *testing.T) {
	deployment := words("web-7d4b9f8c6d-x2x4z web-7d4b9f8c6d-bvnm5 web-7d4b9f8c6d-c4d5f web-7d4b9f8c6d-zz244")
	for _, tc := range []struct {
		names []string
		width int
		want  string
	}{
		{nil, 10, ""},
		{deployment, 0, "web-7d4b9f8c6d-{bvnm5,c4d5f,x2x4z,zz244}"},
		{deployment, 40, "web-7d4b9f8c6d-{bvnm5,c4d5f,x2x4z,zz244}"},
		{deployment, 39, "web-7d4b9f8c6d-{bvnm5,…} and 3 more"},
		{deployment, 12, "web-7d4b9f8c6d-bvnm5 … and 3 more"},
		{words("db-0 web-0 web-1"), 16, "db-0,web-[0-1]"},
		{words("db-0 web-0 web-2 web-4"), 16, "db-0,web-[0,2,4]"},
		{words("db-0 web-0 web-2 web-4"), 15, "db-0 … and 3 more"},
		{words("db-0 web-10 web-12 web-14 web-16"), 21, "db-0 … and 4 more"},
		{words("db-0 web-10 web-12 web-14 web-16"), 22, "db-0,web-[10,12,14,16]"},
		{words("db-0 web-100 web-102 web-104 web-106 web-108"), 27, "db-0,web-[100,…] and 4 more"},
		{append(each("w-%d", 0, 9), each("w-%d", 20, 29)...), 26, "w-[0-9,20-29]"},
		{append(each("w-%d", 0, 99), words("w-200 w-300 w-400 w-500")...), 22, "w-[0-99,…] and 4 more"},
		{words("r1-n1 r1-n3 r1-n5 r1-n7 r2-n1 r2-n3 r2-n5 r2-n7"), 23, "r[1-2]-n[1,3,5,7]"},
		{words("r1-n1 r1-n30 r1-n50 r1-n70 r2-n1 r2-n30 r2-n50 r2-n70"), 25, "r[1-2]-n[1,30,50,70]"},
		{words("r1-n100 r1-n300 r1-n500 r1-n700 r2-n100 r2-n300 r2-n500 r2-n700"), 22, "r1-n100 … and 7 more"},
		{words("r1-n100 r1-n300 r1-n500 r1-n700 r2-n100 r2-n300 r2-n500 r2-n700"), 25, "r[1-2]-n[100,300,500,700]"},
	} {
		got := FoldWidth(tc.names, tc.width)
		if got != tc.want {
			t.Errorf("FoldWidth(%d names, %d) = %q, want %q", len(tc.names), tc.width, got, tc.want)
		}
	}
}

func TestFoldWidthKeepsToTheWidth(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	for range 100 {
		names := make([]string, 1+rnd.IntN(200))
		longest := 0
		for i := range names {
			end := make([]byte, 5)
			for j := range end {
				end[j] = letters[rnd.IntN(len(letters))]
			}
			names[i] = fmt.Sprintf("app%d-7d4b9f8c6d-%s", rnd.IntN(3), end)
			longest = max(longest, len(names[i]))
		}
		for _, width := range []int{40, 80, 200} {
			if got := FoldWidth(names, width); utf8.RuneCountInString(got) > width {
				t.Fatalf("FoldWidth(…, %d) has %d columns: %q", width, utf8.RuneCountInString(got), got)
			}
		}
	}
}

func TestCompareIsATotalOrder(t *testing.T) {
	names := words("0 00 1 01 9 10 a a0 a00 a1 a01 a1b a01a a9 a10 a-1 a.1 b web-9 web-10 web-010")
	for _, a := range names {
		for _, b := range names {
			if Compare(a, b) != -Compare(b, a) || (Compare(a, b) == 0) != (a == b) {
				t.Errorf("Compare(%q, %q) = %d, other way %d", a, b, Compare(a, b), Compare(b, a))
			}
			for _, c := range names {
				if Compare(a, b) < 0 && Compare(b, c) < 0 && Compare(a, c) >= 0 {
					t.Errorf("%q < %q < %q, but not %q < %q", a, b, c, a, c)
				}
			}
		}
	}
}

func BenchmarkFold(b *testing.B) {
	for _, bench := range []struct {
		name  string
		names []string
	}{{"1000 of a StatefulSet", each("web-%d", 0, 999)}, {"10000 of a StatefulSet", each("web-%d", 0, 9999)}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				Fold(bench.names)
			}
		})
	}
}
