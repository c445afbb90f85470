package why

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

const (
	sitesShown = 10
	stepsShown = 10
	twinsShown = 10
)

// story is a text in the making.
type story struct{ strings.Builder }

func (s *story) line(depth int, format string, args ...any) {
	text := streams.SanitizeLine(fmt.Sprintf(format, args...))
	s.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

// Text writes the story for people, in lines of any length.
func (w *Why) Text(out io.Writer) error {
	var s story
	s.line(0, "%s %s: %s.", w.Image, Verdict(w.Action), w.because())
	if w.RuleText != "" {
		s.line(1, "Rule %d: %s", w.Rule, w.RuleText)
	}
	w.dates(&s)
	sites(&s, w.Use, 1)
	w.chain(&s)
	w.twins(&s)
	w.along(&s)
	w.bytes(&s)
	_, err := io.WriteString(out, s.String())
	return err
}

func (w *Why) because() string { return Words(w.Reason) + " (" + string(w.Reason) + ")" }

func (w *Why) dates(s *story) {
	var dates []string
	if !w.Pushed.IsZero() {
		dates = append(dates, "pushed "+w.Pushed.UTC().Format(time.RFC3339))
	}
	if !w.Created.IsZero() {
		dates = append(dates, "created "+w.Created.UTC().Format(time.RFC3339))
	}
	if len(dates) > 0 {
		s.line(1, "It was %s.", strings.Join(dates, ", "))
	}
}

// sites lists the places in clusters; a plan has only a few of many.
func sites(s *story, use *plan.Use, depth int) {
	if use == nil {
		return
	}
	all := max(use.SiteCount, len(use.Sites))
	if all == 0 {
		return
	}
	s.line(depth, "%s:", counted(all, "place names it", "places name it"))
	few := min(shown(all, sitesShown), len(use.Sites))
	for _, site := range use.Sites[:few] {
		s.line(depth+1, "%s: %s", Place(site), site.Why)
	}
	if more := all - few; more > 0 {
		s.line(depth+1, "and %d more", more)
	}
}

// shown is how many of all are listed: most of them, or one more, as "and 1 more" takes
// a line, too.
func shown(all, most int) int {
	if all <= most+1 {
		return all
	}
	return most
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// byTag is false for a story about a manifest without a tag.
func (w *Why) byTag() bool { return w.Digest != "" && !strings.HasSuffix(w.Image, "@"+w.Digest) }

// chain tells of the manifest, and who decided about it.
func (w *Why) chain(s *story) {
	byTag := w.byTag()
	for i, step := range w.Chain {
		switch {
		case i == 0 && byTag:
			s.line(1, "It leads to %s.", step.name(step.Digest, true))
			if step.Action != "" {
				s.line(1, "The manifest %s: %s (%s).", Verdict(step.Action), Words(step.Reason), step.Reason)
			}
			if w.Use == nil || len(w.Sites) == 0 {
				sites(s, step.Use, 2)
			}
		case i > 0:
			relation := "It is kept or deleted with"
			switch w.Chain[i-1].Relation {
			case child:
				relation = "It is named by the index"
			case referrer:
				relation = "It belongs to"
			}
			depth := i
			if byTag {
				depth++
			}
			s.line(depth, "%s %s, which %s: %s (%s).", relation, step.name(step.Digest, false), Verdict(step.Action), Words(step.Reason), step.Reason)
			sites(s, step.Use, depth+1)
		}
	}
}

// name is a digest with what is known of it. The tags that named it were told already
// where bare is true.
func (p Step) name(digest string, bare bool) string {
	var known []string
	for _, text := range []string{p.Platform, p.Artifact} {
		if text != "" {
			known = append(known, text)
		}
	}
	if len(p.Tags) > 0 && !bare {
		known = append(known, list("tag", p.Tags, twinsShown))
	}
	if len(known) == 0 {
		return digest
	}
	return digest + " (" + strings.Join(known, ", ") + ")"
}

func list(one string, names []string, most int) string {
	text := one
	if len(names) != 1 {
		text += "s"
	}
	few := shown(len(names), most)
	text += " " + strings.Join(names[:few], ", ")
	if more := len(names) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (w *Why) twins(s *story) {
	if len(w.Twins) == 0 {
		return
	}
	if w.byTag() {
		s.line(1, "The same manifest has %s:", counted(len(w.Twins), "other tag", "other tags"))
	} else {
		s.line(1, "It has %s:", counted(len(w.Twins), "tag", "tags"))
	}
	few := shown(len(w.Twins), twinsShown)
	for _, t := range w.Twins[:few] {
		s.line(2, "%s %s: %s (%s)", t.Name, Verdict(t.Action), Words(t.Reason), t.Reason)
	}
	if more := len(w.Twins) - few; more > 0 {
		s.line(2, "and %d more", more)
	}
}

func (w *Why) along(s *story) {
	if len(w.Along) == 0 {
		return
	}
	s.line(1, "Belonging to it:")
	few := shown(len(w.Along), stepsShown)
	for _, step := range w.Along[:few] {
		what := "part"
		switch step.Relation {
		case child:
			what = "child"
		case referrer:
			what = "signature or other artifact"
		}
		if step.From != w.Digest {
			what += " of " + Short(step.From)
		}
		verdict := Verdict(step.Action)
		if step.Action != "" {
			verdict += ": " + Words(step.Reason) + " (" + string(step.Reason) + ")"
		}
		s.line(2, "%s %s %s", what, step.name(Short(step.Digest), false), verdict)
	}
	if more := len(w.Along) - few; more > 0 {
		s.line(2, "and %d more", more)
	}
}

func (w *Why) bytes(s *story) {
	switch most := ""; {
	case w.Bytes < 0 && w.Digest == "":
	case w.Bytes < 0:
		s.line(1, "How much it takes is not known.")
	case w.UnknownSizes > 0:
		s.line(1, "It takes %s and %s, of which nothing else needs %s.", output.Bytes(w.Bytes),
			counted(w.UnknownSizes, "blob whose size is not known", "blobs whose sizes are not known"), output.Bytes(w.ExclusiveBytes)+" that are known")
	case w.ExclusiveBytes == 0:
		s.line(1, "It takes %s, all of which others need, too.", output.Bytes(w.Bytes))
	default:
		if !w.Exact {
			most = "at most "
		}
		s.line(1, "It takes %s, of which nothing else needs %s%s.", output.Bytes(w.Bytes), most, output.Bytes(w.ExclusiveBytes))
	}
	if w.Action == plan.Keep && w.Reason == plan.Ghost {
		s.line(1, "The server lists the tag and answers 404 for it.")
	}
}
