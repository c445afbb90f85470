package policy

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ rule, keeps, not string }{
		{">=950", "950 0950 951 1000 123456789012345678901234567890", "949 0 0949 v950 950a -950 +950 9.50 ٩٥٠"},
		{">950", "951", "950 0950"},
		{"<=950", "950 0 0000", "951"},
		{"<950", "949 0", "950"},
		{"=950", "950 00950", "949 951"},
		{"950", "950", "949 951 9500"},
		{"!=950", "949 951", "950 0950"},
		{"950..1000", "950 975 1000", "949 1001"},
		{"..1000", "0 1000", "1001"},
		{"950..", "950 951", "949"},
		{">=950, <1000", "950 999", "949 1000"},
		{" >= 950   <1000 ,!= 960 ", "959", "960"},
		{">123456789012345678901234567890", "123456789012345678901234567891 0123456789012345678901234567891", "123456789012345678901234567890 99999"},
		{"build-*>=950", "build-950", "950 build-949 build- build-950-1 xbuild-950 build-9a"},
		{"build-* >=950", "build-950", "build-949"},
		{"build-*-slim>=950", "build-950-slim", "build-950 build-949-slim"},
		{"build-*-slim 950..951", "build-951-slim", "build-952-slim"},
		{"build-*950..951", "build-951", "build-952"},
		{"*>=3", "3", "2 v3"},
		{"r*..5", "r5", "r6"},
	} {
		r, err := parseNumber(c.rule)
		if err != nil {
			t.Errorf("%q: %v", c.rule, err)
			continue
		}
		for _, tag := range strings.Fields(c.keeps) {
			if !r.keeps(tag) {
				t.Errorf("%q does not keep %q", c.rule, tag)
			}
		}
		for _, tag := range strings.Fields(c.not) {
			if r.keeps(tag) {
				t.Errorf("%q keeps %q", c.rule, tag)
			}
		}
	}
}

func TestTagsThatAreTooLongAreNoNumbers(t *testing.T) {
	if _, ok := integer(strings.Repeat("9", maxDigits)); !ok {
		t.Error("the longest tag is no number")
	}
	if _, ok := integer(strings.Repeat("9", maxDigits+1)); ok {
		t.Error("what is longer than a tag is a number")
	}
	if _, err := parseNumber(">=" + strings.Repeat("9", maxDigits+1)); err == nil {
		t.Error("a limit beyond all tags is accepted")
	}
}

func FuzzNumber(f *testing.F) {
	for _, rule := range []string{">=950", "build-*-x 1..5, !=3", "..7", "5..", "*", "=1,2", ">= 1 < 3"} {
		f.Add(rule, "950")
	}
	f.Fuzz(func(t *testing.T, rule, tag string) {
		r, err := parseNumber(rule)
		if err != nil {
			return
		}
		if _, is := r.number(tag); r.keeps(tag) && !is {
			t.Errorf("%q keeps %q, which is no number", rule, tag)
		}
		// A limit belongs to the rule unless it is excluded.
		for _, limit := range []*big.Int{r.low, r.high} {
			if limit != nil && limit.Sign() >= 0 && len(limit.String()) <= maxDigits && len(r.not) == 0 && !r.keeps(r.prefix+limit.String()+r.suffix) {
				t.Errorf("%q does not keep its limit %v", rule, limit)
			}
		}
		if strings.Contains(r.words(), "is  ") || strings.HasSuffix(r.words(), "is ") {
			t.Errorf("%q has no words: %s", rule, r.words())
		}
	})
}

func TestNaturalOrder(t *testing.T) {
	order := []string{"", "0", "01", "1", "01a", "1a", "2", "10", "99999999999999999999", "100000000000000000000",
		"a", "a1", "a1b", "a2", "a10", "a10-rc.2", "a10-rc.10", "ab", "v1.9.0", "v1.10.0"}
	for i, a := range order {
		for j, b := range order {
			if got, want := natural(a, b), compareInts(i, j); got != want {
				t.Errorf("natural(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func FuzzNaturalIsAnOrder(f *testing.F) {
	f.Add("a1", "a01", "a1b")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if natural(a, b) != -natural(b, a) {
			t.Errorf("%q and %q are not in one order", a, b)
		}
		if (natural(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q are the same", a, b)
		}
		if natural(a, b) < 0 && natural(b, c) < 0 && natural(a, c) >= 0 {
			t.Errorf("%q < %q < %q is no order", a, b, c)
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	last := 10
	p, err := FromFlags(Spec{Keep: []string{"latest", "v*"}, KeepRegex: []string{"[0-9a-f]+-keep"}, KeepNumber: []string{">=950"}, KeepSemver: []string{">=1.2"}, KeepLast: &last, Delete: []string{"*"}})
	if err != nil {
		b.Fatal(err)
	}
	var images []Image
	for i := range 100000 {
		images = append(images, Image{Digest: strconv.Itoa(i), Tags: []string{strconv.Itoa(i)}, Pushed: noon.Add(-day * 3)})
	}
	e, _ := p.For("app")
	for b.Loop() {
		if got := len(e.Evaluate(images, nil, noon)); got != len(images) {
			b.Fatal(got)
		}
	}
}
