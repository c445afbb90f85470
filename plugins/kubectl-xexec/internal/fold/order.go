package fold

import (
	"cmp"
	"strings"
)

// Compare orders names as people count: web-9 before web-10. It returns 0 only for
// equal names.
func Compare(a, b string) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if !isDigit(a[i]) || !isDigit(b[j]) {
			if a[i] != b[j] {
				return cmp.Compare(a[i], b[j])
			}
			i, j = i+1, j+1
			continue
		}
		n, m := digitsAt(a, i), digitsAt(b, j)
		if c := compareNumbers(a[i:i+n], b[j:j+m]); c != 0 {
			return c
		}
		i, j = i+n, j+m
	}
	return cmp.Or(cmp.Compare(len(a)-i, len(b)-j), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
