package alike

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFocus(t *testing.T) {
	long := strings.Repeat("ü", 100)
	for _, tc := range []struct{ a, b, wantA, wantB string }{
		{"same", "same", "same", "same"},
		{"a short one", "a short two", "a short one", "a short two"},
		{long + "x", long + "y", "…üüüüüx", "…üüüüüy"},
		{"x" + long, "y" + long, "x" + strings.Repeat("ü", 18) + "…", "y" + strings.Repeat("ü", 18) + "…"},
		{long, long + long, "…üüüüü", "…" + strings.Repeat("ü", 18) + "…"},
	} {
		a, b := focus(tc.a, tc.b, 20)
		if a != tc.wantA || b != tc.wantB {
			t.Errorf("focus(%q, %q) = %q, %q; want %q, %q", tc.a, tc.b, a, b, tc.wantA, tc.wantB)
		}
	}
}

func FuzzFocus(f *testing.F) {
	f.Add("abc", "abd", 20)
	f.Add(strings.Repeat("a", 50)+"x", strings.Repeat("a", 50)+"y", 30)
	f.Fuzz(func(t *testing.T, a, b string, columns int) {
		if columns < minFocus || columns > 300 {
			return
		}
		x, y := focus(a, b, columns)
		if utf8.RuneCountInString(x) > columns || utf8.RuneCountInString(y) > columns {
			t.Errorf("focus(%q, %q, %d) = %q, %q is too wide", a, b, columns, x, y)
		}
	})
}
