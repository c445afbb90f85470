package alike

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/fold"
)

// The colours of the terminal's own palette, so that they fit its ground.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (o Options) paint(color, text string) string {
	if !o.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (v Verdict) color() string {
	switch v.Outcome {
	case "ok":
		return green
	case "failed":
		return red
	}
	return yellow
}

const (
	rule     = "─"
	maxRule  = 100 // a longer line says no more
	maxNames = 3   // lines of names that are worth reading
)

// header is "── 198 pods · exit 0 · a1b2c3d4 ──", drawn on to the edge of a
// terminal.
func (o Options) header(g Group) string {
	verdict := streams.SanitizeLine(g.Verdict.String())
	plain := fmt.Sprintf("%s · %s · %s", o.count(len(g.Members)), verdict, g.Print)
	end := 2
	if o.Terminal && o.Width > 0 {
		end = max(end, min(o.Width, maxRule)-utf8.RuneCountInString(plain)-4)
	}
	return o.paint(faint, strings.Repeat(rule, 2)) + " " +
		o.paint(bold, o.count(len(g.Members))) + o.paint(faint, " · ") + o.paint(g.color(), verdict) + o.paint(faint, " · "+g.Print.String()) +
		" " + o.paint(faint, strings.Repeat(rule, end))
}

// names writes who is in g: all of them if the width has no limit, or if they fit on
// a few lines; otherwise one line of them with a count of the others.
func (o Options) names(w io.Writer, g Group) {
	if o.Width <= 0 {
		fmt.Fprintln(w, o.paint(cyan, streams.SanitizeLine(fold.Fold(g.Names))))
		return
	}
	width := min(o.Width, maxRule)
	lines := wrap(streams.SanitizeLine(fold.Fold(g.Names)), width)
	if len(lines) > maxNames {
		lines = []string{streams.SanitizeLine(fold.FoldWidth(g.Names, width))}
	}
	for _, line := range lines {
		fmt.Fprintln(w, o.paint(cyan, line))
	}
}

// wrap breaks text behind commas into lines of at most width columns, where the
// pieces between the commas allow it.
func wrap(text string, width int) []string {
	var lines []string
	line, columns := "", 0
	for _, piece := range strings.SplitAfter(text, ",") {
		n := utf8.RuneCountInString(piece)
		if columns > 0 && columns+n > width {
			lines = append(lines, line)
			line, columns = "", 0
		}
		line += piece
		columns += n
	}
	return append(lines, line)
}

// about writes what is to be known of a group before its output.
func (o Options) about(w io.Writer, g Group, reason string) {
	fmt.Fprintln(w, o.header(g))
	o.names(w, g)
	if reason != "" {
		fmt.Fprintln(w, o.paint(yellow, "reason: "+streams.SanitizeLine(reason)))
	}
	if g.Masked.Total() > 0 {
		fmt.Fprintln(w, o.paint(faint, "masked in each: "+g.Masked.String()))
	}
}
