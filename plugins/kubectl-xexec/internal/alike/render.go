package alike

import (
	"bufio"
	"fmt"
	"io"
)

// Render shows each group to people: a header, who is in it, and what they wrote,
// first stdout, then stderr with a mark before each line:
//
//	── 198 pods · exit 0 · a1b2c3d4 ──
//	web-[0-41,43-199]
//	ready
//
//	── 2 pods · exit 1 · 9f8e7d6c ──
//	web-[42,77]
//	! cat: can't open '/etc/app': No such file or directory
//
// The output is as it is if all members wrote the same bytes, otherwise with
// placeholders. A last line without a newline gets one; on a terminal a note says so
// if there are several groups, because it may be all that sets them apart. Render
// returns the first error of w, or of an output that cannot be read.
func Render(w io.Writer, groups []Group, source Source, o Options) error {
	b := bufio.NewWriterSize(w, window)
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(b)
		}
		if err := o.group(b, g, source, o.Terminal && len(groups) > 1); err != nil {
			return err
		}
	}
	return b.Flush()
}

func (o Options) group(w io.Writer, g Group, source Source, noteEnd bool) error {
	out, err := source(g.Representative)
	if err != nil {
		return o.unread(g, err)
	}
	defer out.close()
	rules := newRules(out.Identity, o.Masks)
	reason := g.Reason
	if !g.Identical {
		reason, _ = rules.replace(reason)
	}
	o.about(w, g, reason)

	gutter := ""
	if o.Terminal {
		gutter = "  "
	}
	lines := 0
	for _, stream := range []struct {
		r      io.Reader
		gutter string
	}{{out.Stdout, gutter}, {out.Stderr, o.paint(red, "!") + " "}} {
		p := &page{w: w, options: o, gutter: stream.gutter, noteEnd: noteEnd}
		if err := copyStream(p, stream.r, rules, g.Identical); err != nil {
			return o.unread(g, err)
		}
		if err := p.end(); err != nil {
			return err
		}
		lines += p.lines
	}
	if lines == 0 {
		fmt.Fprintln(w, gutter+o.paint(faint, "(no output)"))
	}
	return nil
}

func (o Options) unread(g Group, err error) error {
	return fmt.Errorf("reading the output of %q: %w", g.Names[0], err)
}

// copyStream copies r, which may be nil, to p.
func copyStream(p *page, r io.Reader, rules *rules, raw bool) error {
	if r == nil {
		return nil
	}
	if raw {
		_, err := io.Copy(p, r)
		return err
	}
	s := &Scrubber{to: textSink{w: p}}
	s.scrub = scrubber{rules: rules, to: &s.to}
	if _, err := io.Copy(s, r); err != nil {
		return err
	}
	return s.Close()
}
