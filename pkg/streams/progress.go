package streams

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// redraw is the shortest time between two drawings: often enough to feel live,
// seldom enough to cost nothing over a slow ssh link.
const redraw = 100 * time.Millisecond

// Progress is one line on stderr that says what is done, how far, how fast and
// how long it will still take. It is silent unless stderr is a terminal and
// never writes to stdout. Its methods may be called from several goroutines.
type Progress struct {
	w     io.Writer // nil when silent
	width int
	label string
	unit  string
	start time.Time
	now   func() time.Time

	mu   sync.Mutex
	last time.Time
	drew bool
}

// NewProgress starts a progress line such as "scanning  45%  450k/1.0M keys".
// Label says what is being done, unit what is counted.
func NewProgress(s *IO, label, unit string) *Progress {
	p := &Progress{label: label, unit: unit, now: time.Now, start: time.Now()}
	if !s.Quiet && s.ErrIsTerminal() && s.env("TERM") != "dumb" {
		p.w = s.Err
		p.width = width(s.Err, s.env("COLUMNS"))
	}
	return p
}

// Update says that done of total units are finished; total ≤ 0 means that the
// total is not known.
func (p *Progress) Update(done, total int64) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.last) < redraw {
		return
	}
	p.last = now
	p.drew = true
	line := p.line(done, total, now.Sub(p.start))
	if r := []rune(line); len(r) >= p.width {
		line = string(r[:p.width-1])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

// Clear removes the line, so that other text can be written; the next Update
// draws it again.
func (p *Progress) Clear() {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drew {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drew = false
	}
	p.last = time.Time{}
}

const barCells = 20

func (p *Progress) line(done, total int64, elapsed time.Duration) string {
	var b strings.Builder
	b.WriteString(p.label)
	if total > 0 {
		share := min(float64(done)/float64(total), 1)
		full := int(share * barCells)
		fmt.Fprintf(&b, " [%s%s] %3.0f%%", strings.Repeat("█", full), strings.Repeat("░", barCells-full), share*100)
		fmt.Fprintf(&b, "  %s/%s %s", Count(done), Count(total), p.unit)
	} else {
		fmt.Fprintf(&b, "  %s %s", Count(done), p.unit)
	}
	if seconds := elapsed.Seconds(); seconds >= 0.5 && done > 0 {
		rate := float64(done) / seconds
		fmt.Fprintf(&b, "  %s/s", Count(int64(rate)))
		if left := total - done; total > 0 && left > 0 && rate > 0 {
			eta := time.Duration(float64(left) / rate * float64(time.Second))
			fmt.Fprintf(&b, "  %s left", eta.Round(time.Second))
		}
	}
	return b.String()
}

// Count shortens a count for people: 950, 1.2k, 45k, 3.4M, 1.0G.
func Count(n int64) string {
	const step = 1000
	units := []string{"", "k", "M", "G", "T"}
	f := float64(n)
	i := 0
	for f >= step-0.5 && i < len(units)-1 {
		f /= step
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d", n)
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f%s", f, units[i])
	}
	return fmt.Sprintf("%.0f%s", f, units[i])
}
