package alike

import (
	"bufio"
	"fmt"
	"io"
)

// Change is targets that gave one thing in an earlier run and another one now. The
// representatives of both groups are what [Source] is asked for.
type Change struct {
	Then, Now Group
	Kept      bool // the output of then can be read
}

// RenderChange shows what changed since the run of that name.
//
//	── 2 pods · exit 1 · 9f8e7d6c ──
//	web-[42,77]
//	exit 0 → exit 1
//	--- stdout of run 261125-0735
//	+++ stdout of this run
//	@@ -7 +7 @@
//	-cache: on
//	+cache: off
func RenderChange(w io.Writer, c Change, run string, source Source, o Options) error {
	b := bufio.NewWriterSize(w, window)
	o.about(b, c.Now, "")
	switch {
	case c.Kept:
		if err := o.against(b, c.Then, c.Now, source, sides{"run " + run, "this run"}); err != nil {
			return err
		}
	case o.verdicts(b, c.Then.Verdict, c.Now.Verdict):
		fmt.Fprintln(b, o.paint(faint, "its output differs from that of run "+run+", which was not kept (--journal output keeps it)"))
	}
	return b.Flush()
}
