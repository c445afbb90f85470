package accounting

import "testing"

func TestClass(t *testing.T) {
	for _, c := range [][3]int64{{1, 8, 8}, {9, 8, 16}, {9, 16, 16}, {17, 8, 24}, {17, 16, 32}, {64, 8, 64}, {65, 8, 80}, {65, 16, 80},
		{128, 16, 128}, {129, 16, 160}, {1025, 16, 1280}, {4096, 8, 4096}, {4097, 8, 5120}} {
		if got := class(c[0], c[1]); got != c[2] {
			t.Errorf("class(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestSlackOf(t *testing.T) {
	// SET s:12345 x: a name of 9 bytes is given, and counted as, 16. A value of 21 is
	// counted as 19 and given 24 or 32.
	if got := SlackOf("s:12345", "embstr", 24+16+19); got != (Slack{5, 13}) {
		t.Errorf("%v", got)
	}
	if got := SlackOf("s:12345", "int", 24+16+16); got != (Slack{}) {
		t.Errorf("%v", got)
	}
}
