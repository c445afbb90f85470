package main

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/compare"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/fold"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/journal"
)

// changes shows how the results differ from those of an earlier run: the counts,
// what is new and what is gone, then each change.
func (p *places) changes(since *compare.Since, look alike.Options) error {
	out := p.out()
	var parts []string
	for _, kind := range []journal.Kind{journal.Same, journal.Changed, journal.New, journal.Gone, journal.Unclear} {
		if n := since.Counts[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	run := since.Run
	fmt.Fprintf(out, "since run %s (%s ago): %s\n", run.ID, duration.HumanDuration(time.Since(run.StartedAt)), strings.Join(parts, ", "))
	for _, list := range []struct {
		what  string
		names []string
	}{{"new", since.New}, {"gone", since.Gone}} {
		if len(list.names) > 0 {
			fmt.Fprintf(out, "%s: %s\n", list.what, fold.FoldWidth(list.names, look.Width))
		}
	}
	for _, c := range since.Changes {
		if _, err := fmt.Fprintln(out); err != nil {
			return err
		}
		if err := alike.RenderChange(out, c, run.ID, since.Source, look); err != nil {
			return err
		}
	}
	return nil
}
