package engine

import (
	"fmt"
	"strings"
	"testing"
)

func sizes(t *testing.T, text string) []Size {
	t.Helper()
	if text == "" {
		return nil
	}
	list, err := ParseBatches(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		targets     int
		sizes, want string
	}{
		{0, "", ""},
		{7, "", "7"},
		{7, "100%", "7"},
		{200, "1,10%,100%", "1 20 179"},
		{50, "1,10%", "1 5 5 5 5 5 5 5 5 5 4"},
		{7, "3", "3 3 1"},
		{7, "3,1", "3 1 1 1 1"},
		{7, "1,100", "1 6"},
		{3, "10%", "1 1 1"},      // 0.3 is 1
		{25, "10%", "3"},         // 2.5 is 3, and it repeats
		{10, "33%", "4 4 2"},     // 3.3 is 4
		{3, "34%", "2 1"},        // 1.02 is 2
		{1, "1%,50%", "1"},       //
		{100, "29%", "29 29 29"}, // exact, which floating point would make 30
		{100, "50%,60%", "50 50"},
	} {
		var got []string
		next := 0
		for _, w := range split(tc.targets, sizes(t, tc.sizes)) {
			if w.from != next || w.to <= w.from {
				t.Errorf("%d targets by %s: wave %+v after %d", tc.targets, tc.sizes, w, next)
			}
			next = w.to
			got = append(got, fmt.Sprint(w.to-w.from))
		}
		if next != tc.targets || !strings.HasPrefix(strings.Join(got, " "), tc.want) {
			t.Errorf("%d targets by %s: %v, want %s", tc.targets, tc.sizes, got, tc.want)
		}
	}
}

// How many may fail, and the failure that is too much.
func TestExceeded(t *testing.T) {
	for _, tc := range []struct {
		limit         string
		all, tolerate int
	}{
		{"0", 10, 0}, {"3", 10, 3}, {"3", 2, 3},
		{"0%", 10, 0}, {"10%", 10, 1}, {"10%", 9, 0}, {"10%", 19, 1}, {"10%", 25, 2}, {"10%", 30, 3},
		{"33%", 3, 0}, {"34%", 3, 1}, {"50%", 3, 1}, {"67%", 3, 2}, {"29%", 100, 29}, {"1%", 99, 0}, {"100%", 7, 7},
	} {
		limit, err := ParseSize(tc.limit)
		if err != nil {
			t.Fatal(err)
		}
		if limit.exceeded(tc.tolerate, tc.all) || !limit.exceeded(tc.tolerate+1, tc.all) {
			t.Errorf("%s of %d: %d too much %v, %d too much %v", tc.limit, tc.all,
				tc.tolerate, limit.exceeded(tc.tolerate, tc.all), tc.tolerate+1, limit.exceeded(tc.tolerate+1, tc.all))
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Size{"5": {5, false}, "0": {0, false}, " 10%": {10, true}, "100%": {100, true}} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q is %v, error %v", text, got, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "-1%", "101%", "1.5", "x", "5%%", "+3", "1 0"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	for _, text := range []string{"", "1,", "0", "1,0%", "1,,2"} {
		if got, err := ParseBatches(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
