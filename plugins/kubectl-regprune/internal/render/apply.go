package render

import (
	"io"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

type applyItem struct {
	apply.Item
	Error string `json:"error,omitempty"`
}

// applied is a result with its errors in words, and a list that is never null.
type applied struct {
	kind
	Complete bool `json:"complete"` // everything that was planned is gone
	*apply.Result
	Items     []applyItem `json:"items"`
	Collected *collected  `json:"collected,omitempty"`
	Verified  *verified   `json:"verified,omitempty"`
}

// After is what was done after a plan was applied; nil is what was not.
type After struct {
	Collected *collect.Report
	Verified  *verify.Result
}

// Apply writes what was deleted, in one of [ResultFormats]. Tables list what was not,
// and leave it to [Collect] and [Verify] to tell what came after.
func Apply(w io.Writer, format string, r *apply.Result, after After, o ResultOptions) error {
	v := applied{kind: kind{apiVersion, "ApplyResult"}, Complete: r.Complete(), Result: r, Items: []applyItem{}}
	if after.Collected != nil {
		v.Collected = collectedBy(after.Collected)
	}
	if after.Verified != nil {
		v.Verified = verifiedBy(after.Verified)
	}
	for _, i := range r.Items {
		v.Items = append(v.Items, applyItem{i, said(i.Err)})
	}
	return result(w, format, v, func(p *page) {
		counts := &output.Table{Columns: []output.Column{{Header: ""}, {Header: "PLANNED", Right: true}, {Header: "DELETED", Right: true},
			{Header: "GONE BEFORE", Right: true}, {Header: "SKIPPED", Right: true}, {Header: "FAILED", Right: true}, {Header: "NOT TRIED", Right: true}}}
		for i, c := range []apply.Counts{r.Tags, r.Manifests} {
			row := []string{[]string{"tags", "manifests"}[i]}
			for _, n := range []int{c.Planned, c.Deleted, c.Gone, c.Skipped, c.Failed, c.Remaining} {
				row = append(row, strconv.Itoa(n))
			}
			counts.Rows = append(counts.Rows, row)
		}
		p.table(counts, o)
		items := &output.Table{Columns: []output.Column{{Header: "NOT DELETED", Shrink: true, Middle: true}, {Header: "OUTCOME"}, {Header: "REASON"}, {Header: "DETAIL"}}}
		for _, i := range v.Items {
			items.Rows = append(items.Rows, []string{image(i.Repo, i.Tag, i.Digest), string(i.Outcome), join(string(i.Reason)),
				join(prefixed("leads to", clean(why.Short(i.Now))), i.Error)})
		}
		p.table(items, ResultOptions{NoHeaders: o.NoHeaders}) // an error that is cut says nothing
		p.lines(applySummary(r))
	})
}

func applySummary(r *apply.Result) *block {
	b := &block{}
	done := r.Tags.Deleted + r.Tags.Gone + r.Manifests.Deleted + r.Manifests.Gone
	all := r.Tags.Planned + r.Manifests.Planned
	switch {
	case all == 0:
		b.line("Result", "there was nothing to delete")
	case r.Complete():
		b.line("Result", "all that was planned is gone")
	default:
		b.line("Result", "partial: %d of %s are gone", done, counted(all, "tag or manifest", "tags and manifests"))
	}
	if r.Elapsed > 0 {
		b.line("Took", "%s", r.Elapsed.Round(time.Second/10))
	}
	return b
}
