package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// snapshot is a run at one moment.
type snapshot struct {
	targets, landed int
	counts          map[podexec.Outcome]int
	began           map[int]time.Time
	start, now      time.Time
}

// line is the line at the bottom.
func (s snapshot) line() string {
	parts := []string{fmt.Sprintf("%d/%d ok", s.counts[podexec.OK], s.targets)}
	for _, outcome := range []podexec.Outcome{podexec.Failed, podexec.Timeout, podexec.Lost, podexec.NotStarted, podexec.Denied} {
		if n := s.counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	parts = append(parts, fmt.Sprintf("%d running", len(s.began)))
	if n := s.targets - s.landed - len(s.began); n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", n))
	}
	text := strings.Join(parts, ", ")
	if left, ok := s.left(); ok {
		text += " · " + left.String() + " left"
	}
	return text
}

// left is how long the rest takes if it goes on as it went. Nobody knows that
// before something has landed.
func (s snapshot) left() (time.Duration, bool) {
	took, rest := s.now.Sub(s.start), s.targets-s.landed
	if s.landed == 0 || rest <= 0 {
		return 0, false
	}
	left := time.Duration(float64(took) / float64(s.landed) * float64(rest))
	return max(left.Round(time.Second), time.Second), true
}

// maxListed is how many targets the list has.
const maxListed = 20

// list is what runs, the longest first.
func (s snapshot) list(names []string) string {
	var b strings.Builder
	fmt.Fprintln(&b, s.line())
	indexes := make([]int, 0, len(s.began))
	width := 0
	for i := range s.began {
		indexes = append(indexes, i)
	}
	slices.SortFunc(indexes, func(i, j int) int { return cmp.Or(s.began[i].Compare(s.began[j]), i-j) })
	shown := indexes[:min(len(indexes), maxListed)]
	for _, i := range shown {
		width = max(width, len(name(names, i)))
	}
	for _, i := range shown {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, name(names, i), s.now.Sub(s.began[i]).Round(100*time.Millisecond))
	}
	if n := len(indexes) - len(shown); n > 0 {
		fmt.Fprintf(&b, "  … and %d more, none for longer\n", n)
	}
	return b.String()
}

func name(names []string, i int) string {
	if i < len(names) {
		return streams.SanitizeLine(names[i])
	}
	return fmt.Sprintf("target %d", i)
}
