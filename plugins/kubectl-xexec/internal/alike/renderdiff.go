package alike

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// RenderDiff shows how each group differs from the first, the largest: in its
// verdict, on stdout and on stderr. Lines of the first have a -, those of the other
// a +. What was replaced for the fingerprints is a placeholder here too, so that
// only what makes a difference is seen as one.
//
//	── 198 pods · exit 0 · a1b2c3d4 ──
//	web-[0-41,43-199]
//
//	── 2 pods · exit 1 · 9f8e7d6c ──
//	web-[42,77]
//	exit 0 → exit 1
//	--- stdout of the 198 pods
//	+++ stdout of these 2 pods
//	@@ -7,2 +7,2 @@
//	 workers: 4
//	-cache: on
//	+cache: off
func RenderDiff(w io.Writer, groups []Group, source Source, o Options) error {
	b := bufio.NewWriterSize(w, window)
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(b)
		}
		o.about(b, g, "")
		if i > 0 {
			if err := o.against(b, groups[0], g, source, o.sides(groups[0], g)); err != nil {
				return err
			}
		}
	}
	if len(groups) == 1 {
		fmt.Fprintf(b, "no difference: %s\n", o.alone(len(groups[0].Members)))
	}
	return b.Flush()
}

func (o Options) alone(n int) string {
	if n == 1 {
		return "there is but one"
	}
	return fmt.Sprintf("all %d are the same", n)
}

// sides are what the two sides of a difference are called.
type sides struct{ first, second string }

func (o Options) sides(most, g Group) sides {
	return sides{o.which("the", "first", len(most.Members)), o.which("these", "", len(g.Members))}
}

// against shows how g differs from most.
func (o Options) against(w io.Writer, most, g Group, source Source, called sides) error {
	a, err := source(most.Representative)
	if err != nil {
		return o.unread(most, err)
	}
	defer a.close()
	b, err := source(g.Representative)
	if err != nil {
		return o.unread(g, err)
	}
	defer b.close()
	// A group that is one only as it is must be compared as it is.
	raw := most.raw || g.raw
	same := o.verdicts(w, most.Verdict, g.Verdict)
	for _, s := range []struct {
		name string
		a, b io.Reader
	}{{"stdout", a.Stdout, b.Stdout}, {"stderr", a.Stderr, b.Stderr}} {
		d, err := differ(newLineReader(s.a, a.Identity, o.Masks, raw), newLineReader(s.b, b.Identity, o.Masks, raw))
		if err != nil {
			return fmt.Errorf("comparing %s of %q with %q: %w", s.name, g.Names[0], most.Names[0], err)
		}
		same = same && len(d.changes) == 0
		o.stream(w, s.name, called, d)
	}
	if same {
		fmt.Fprintln(w, o.paint(faint, "no difference but in what is replaced"))
	}
	return nil
}

// stream shows the difference between two streams.
func (o Options) stream(w io.Writer, name string, called sides, d difference) {
	switch {
	case len(d.changes) == 0:
	case d.nothing:
		fmt.Fprintln(w, o.paint(yellow, fmt.Sprintf("no %s, unlike %s", name, called.first)))
	default:
		fmt.Fprintln(w, o.paint(red, fmt.Sprintf("--- %s of %s", name, called.first)))
		fmt.Fprintln(w, o.paint(green, fmt.Sprintf("+++ %s of %s", name, called.second)))
		o.difference(w, d)
	}
}

// which is "the 198 pods", "these 2 pods", "the first pod", "this pod".
func (o Options) which(article, one string, n int) string {
	if n > 1 {
		return article + " " + o.count(n)
	}
	if one == "" {
		return "this" + o.count(1)[1:]
	}
	return article + " " + one + o.count(1)[1:]
}

// verdicts shows how b ended differently, and returns whether it did not.
func (o Options) verdicts(w io.Writer, a, b Verdict) (same bool) {
	text := func(v Verdict) string {
		if v.Reason == "" {
			return o.paint(v.color(), streams.SanitizeLine(v.String()))
		}
		return o.paint(v.color(), streams.SanitizeLine(v.String()+": "+v.Reason))
	}
	if a == b {
		return true
	}
	fmt.Fprintf(w, "%s → %s\n", text(a), text(b))
	return false
}

// difference writes hunks, no more lines than wanted, and of lines in a row of which
// only one side has the like no more than half of that: both sides have a word.
func (o Options) difference(w io.Writer, d difference) {
	shown, hidden, run := 0, 0, 0
	for _, h := range hunks(d.changes) {
		if o.MaxLines > 0 && shown >= o.MaxLines {
			hidden += len(h)
			continue
		}
		fmt.Fprintln(w, o.paint(cyan, hunkHeader(h)))
		texts := o.texts(h)
		for i, c := range h {
			if run++; i == 0 || c.sign != h[i-1].sign {
				run = 1
			}
			if o.MaxLines > 0 && (shown >= o.MaxLines || run > (o.MaxLines+1)/2) {
				hidden++
				continue
			}
			o.change(w, c, texts[i])
			shown++
		}
	}
	if hidden > 0 {
		fmt.Fprintln(w, o.more(hidden, "line"))
	}
	if d.cut {
		fmt.Fprintln(w, o.paint(faint, fmt.Sprintf("… and more: %d lines from the first difference on are compared", windowLines)))
	}
}

// hunkHeader says as diff -u does which lines of either text a hunk is about. It is
// about all of them, also if not all are shown.
func hunkHeader(h []change) string {
	span := func(start int, other byte) string {
		n := 0
		for _, c := range h {
			if c.sign != other {
				n++
			}
		}
		switch n {
		case 0:
			return fmt.Sprintf("%d,0", start-1)
		case 1:
			return strconv.Itoa(start)
		}
		return fmt.Sprintf("%d,%d", start, n)
	}
	return "@@ -" + span(h[0].a, '+') + " +" + span(h[0].b, '-') + " @@"
}

func (o Options) change(w io.Writer, c change, text string) {
	line := string(c.sign) + text
	if color := map[byte]string{'-': red, '+': green}[c.sign]; color != "" {
		line = o.paint(color, line)
	}
	fmt.Fprintln(w, line)
	if !c.ended() && len(c.text) < maxLine {
		fmt.Fprintln(w, o.paint(faint, noNewline))
	}
}
