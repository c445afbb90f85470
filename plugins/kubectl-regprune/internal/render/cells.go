package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

// notKnown stands for a figure that nobody knows.
const notKnown = "?"

// clean makes text from elsewhere safe for one line of a terminal.
func clean(text string) string { return streams.SanitizeLine(text) }

// amount is bytes, with a sign of what is missing: ≤ if it is the most that it can
// be, +? if some of it has no known size.
func amount(bytes int64, most bool, unknownSizes int) string {
	switch {
	case bytes < 0, bytes == 0 && unknownSizes > 0:
		return notKnown
	case most && bytes > 0:
		return "≤" + output.Bytes(bytes) + more(unknownSizes)
	}
	return output.Bytes(bytes) + more(unknownSizes)
}

func more(unknownSizes int) string {
	if unknownSizes > 0 {
		return "+?"
	}
	return ""
}

// counted is "1 tag" or "3 tags".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some lists the first few of names.
func some(names []string) string {
	const few = 3
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// age shortens the time from then to now: 45m, 3h, 5d.
func age(then, now time.Time) string {
	d := now.Sub(then)
	switch {
	case then.IsZero() || now.IsZero():
		return notKnown
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// reason is the enumerated reason, with the rule if one decided.
func reason(r plan.Reason, rule int) string {
	if rule > 0 && r == "rule" {
		return fmt.Sprintf("rule:%d", rule)
	}
	return clean(string(r))
}

// users says who names an image.
func users(u *plan.Use) string {
	if u == nil {
		return "-"
	}
	all := max(u.SiteCount, len(u.Sites))
	switch {
	case all == 0:
		return "-"
	case len(u.Sites) == 0:
		return counted(all, "place", "places")
	}
	s := u.Sites[0]
	s.Field, s.Context = "", ""
	text := clean(why.Place(s))
	if all > 1 {
		text += fmt.Sprintf(" and %d more", all-1)
	}
	return text
}

// block is lines with labels before them, aligned.
type block struct {
	strings.Builder
	last string
}

const labelCells = 11

// line writes a line; a label that is the same as before is left out.
func (b *block) line(label, format string, args ...any) {
	shown := label
	if label == b.last {
		shown = ""
	}
	b.last = label
	fmt.Fprintf(b, "%-*s%s\n", labelCells, shown, clean(fmt.Sprintf(format, args...)))
}
