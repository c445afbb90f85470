package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// previewed is how many groups an estimate shows.
const previewed = 10

// preview is an estimate above the progress of the scan, each one in the place of the
// one before.
type preview struct {
	*options
	progress *streams.Progress
	lines    int // of the last one
	err      error
}

func (p *preview) show(r *report.Report) {
	var b strings.Builder
	what := fmt.Sprintf("first estimate, from %d random keys", r.Coverage.Seen)
	if r.Sampling.Mode != report.Keys {
		what = fmt.Sprintf("estimate, from %s of the keys", percent(r.Coverage.Share()))
	}
	fmt.Fprintf(&b, "%s:\n", what)
	if p.err = render.Write(&b, render.Table, r, render.Options{Width: p.io.Width(), Top: previewed, Sort: p.sort}); p.err != nil {
		return
	}
	b.WriteByte('\n')
	p.progress.Clear()
	lines := strings.Count(b.String(), "\n")
	if _, rows := p.io.Size(); p.lines > 0 && p.lines < rows {
		fmt.Fprintf(p.io.Err, "\x1b[%dA\x1b[J", p.lines)
	}
	p.lines = lines
	fmt.Fprint(p.io.Err, b.String())
}
