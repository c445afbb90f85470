package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// emptyName stands for the pattern of the key whose name is empty. The backslash
// tells a key of that very name from it, and means the same to a glob.
const emptyName = "(empty)"

// longest is the most bytes of a name that a table carries; a key can have 512 MB.
const longest = 512

func displayName(pattern string) string {
	switch pattern {
	case "":
		return emptyName
	case emptyName, otherName, totalName:
		return `\` + pattern
	}
	return short(streams.SanitizeLine(pattern))
}

// short takes the middle out of a very long name.
func short(s string) string {
	if len(s) <= longest {
		return s
	}
	half := (longest - len("…")) / 2
	return strings.ToValidUTF8(s[:half], "") + "…" + strings.ToValidUTF8(s[len(s)-half:], "")
}

const (
	otherName = "(other)"
	totalName = "TOTAL"
)

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }

// uncertain is " ±3%" for an estimate, and nothing for what is exact.
func uncertain(n, err int64) string {
	switch {
	case err <= 0:
		return ""
	case n <= 0:
		return " ±?"
	}
	p := share(err, n) * 100
	if p < 1 {
		return " ±<1%"
	}
	return fmt.Sprintf(" ±%.0f%%", p)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

const barCells = 10

// bar draws a share in eighths of a cell.
func bar(share float64) string {
	const eighths = 8
	n := int(min(max(share, 0), 1)*barCells*eighths + 0.5)
	full := strings.Repeat("█", n/eighths)
	if rest := n % eighths; rest > 0 {
		full += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return full
}

// mix is the parts of a sample, the largest first: "string 90% hash 10%".
func mix(counts map[string]int64) string {
	var total int64
	for _, n := range counts {
		total += n
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return int(max(min(counts[b]-counts[a], 1), -1))
		}
		return strings.Compare(a, b)
	})
	const shown = 3
	var parts []string
	for _, name := range names[:min(shown, len(names))] {
		text := streams.SanitizeLine(name)
		if len(names) > 1 {
			text += fmt.Sprintf(" %.0f%%", share(counts[name], total)*100)
		}
		parts = append(parts, text)
	}
	if len(names) > shown {
		parts = append(parts, "…")
	}
	return strings.Join(parts, " ")
}

// median is the lower bound of the bin in the middle; ok is false without bins.
func median(bins []report.Bin) (from int64, ok bool) {
	var total, seen int64
	for _, b := range bins {
		total += b.Count
	}
	for _, b := range bins {
		if seen += b.Count; total > 0 && seen*2 >= total {
			return b.From, true
		}
	}
	return 0, false
}

func medianSpan(bins []report.Bin) string {
	if s, ok := median(bins); ok {
		return span(s)
	}
	return "-"
}

// span shortens seconds: 45s, 12m, 3h, 5d.
func span(seconds int64) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 2*3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 2*86400:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/86400)
}

func size(f report.Figures) string { return output.Bytes(f.Bytes) + uncertain(f.Bytes, f.BytesError) }
func keys(f report.Figures) string { return number(f.Keys) + uncertain(f.Keys, f.KeysError) }

// sized is "-" where no key was sized: a 0 would be made up.
func sized(f report.Figures, n int64) string {
	if f.Sized == 0 && f.Keys > 0 && n == 0 {
		return "-"
	}
	return output.Bytes(n)
}
