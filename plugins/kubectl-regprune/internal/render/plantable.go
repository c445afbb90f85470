package render

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

// untouched is how many repositories that lose nothing are listed one by one.
const untouched = 20

func (v *planView) table(w io.Writer, wide bool) error {
	limit := v.Width
	if wide { // is wide because somebody asked for it: nothing is dropped
		limit = 0
	}
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "REPOSITORY", Shrink: true, Middle: true}, {Header: "TAGS", Right: true, Drop: 3}, {Header: "KEEP", Right: true},
		{Header: "DELETE", Right: true}, {Header: "MANIFESTS", Right: true, Drop: 1}, {Header: "IN USE", Right: true},
		{Header: "FREES", Right: true}, {Header: "SHARED", Right: true, Drop: 2},
	}}
	if wide {
		t.Columns = append(t.Columns, output.Column{Header: "REASONS"})
	}
	for _, row := range v.listed(wide) {
		t.Rows = append(t.Rows, v.cells(row, wide))
	}
	if err := t.Write(w, limit); err != nil {
		return err
	}
	if v.Tags || wide {
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		if err := v.tagTable(w, limit); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n"+v.summary())
	return err
}

// listed are the rows of the table: those about whom nothing is to be said are one
// row if they are many, and the totals come last.
func (v *planView) listed(all bool) []planRow {
	var rows []planRow
	others, folded, total := planRow{reasons: counts{}}, 0, planRow{name: "TOTAL", reasons: counts{}}
	quiet := 0
	for _, r := range v.rows {
		if r.gone+r.out == 0 {
			quiet++
		}
	}
	for _, r := range v.rows {
		total.add(r)
		if !all && quiet > untouched && r.gone+r.out == 0 {
			others.add(r)
			folded++
			continue
		}
		r.name = clean(r.name)
		rows = append(rows, r)
	}
	if folded > 0 {
		others.name = fmt.Sprintf("(%d that lose nothing)", folded)
		rows = append(rows, others)
	}
	if v.Totals.CommonBytes > 0 {
		rows = append(rows, planRow{name: "(shared by several)", tags: -1, frees: v.Totals.CommonBytes})
	}
	total.frees, total.stays = v.Totals.ReclaimBytes, v.Totals.SharedBytes
	return append(rows, total)
}

func (r *planRow) add(other planRow) {
	r.tags += other.tags
	r.gone += other.gone
	r.inUse += other.inUse
	r.manifests += other.manifests
	r.out += other.out
	for k, n := range other.reasons {
		r.reasons[k] += n
	}
}

func (v *planView) cells(r planRow, wide bool) []string {
	cells := []string{r.name, strconv.Itoa(r.tags), strconv.Itoa(r.tags - r.gone), strconv.Itoa(r.gone), ofAll(r.out, r.manifests), strconv.Itoa(r.inUse)}
	if r.tags < 0 {
		cells = []string{r.name, "", "", "", "", ""}
	}
	if v.Cluster.Skipped && r.tags >= 0 {
		cells[5] = notKnown
	}
	frees, stays := "-", "-"
	if r.out > 0 || r.tags < 0 {
		frees = amount(r.frees, !v.Totals.Exact, 0)
	}
	if r.out > 0 {
		stays = amount(r.stays, false, 0)
	}
	cells = append(cells, frees, stays)
	if wide {
		cells = append(cells, r.reasons.String())
	}
	return cells
}

// ofAll is how many of all go.
func ofAll(n, all int) string {
	if n == 0 {
		return strconv.Itoa(all)
	}
	return fmt.Sprintf("%d of %d go", n, all)
}

func (v *planView) tagTable(w io.Writer, limit int) error {
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "IMAGE", Shrink: true, Middle: true}, {Header: "ACTION"}, {Header: "REASON"}, {Header: "AGE", Right: true, Drop: 2},
		{Header: "DIGEST", Drop: 1}, {Header: "USED BY", Drop: 3},
	}}
	for _, r := range v.Repos {
		ages := v.ages(r.Name)
		for _, tag := range r.Tags {
			t.Rows = append(t.Rows, []string{clean(r.Name + ":" + tag.Name), clean(string(tag.Action)), reason(tag.Reason, tag.Rule),
				ages(tag.Name, tag.Digest), short(tag.Digest), users(tag.Use)})
		}
		for _, m := range untaggedGoing(&r) {
			t.Rows = append(t.Rows, []string{clean(r.Name + "@" + why.Short(m.Digest)), clean(string(m.Action)), reason(m.Reason, 0),
				ages("", m.Digest), short(m.Digest), users(m.Use)})
		}
	}
	return t.Write(w, limit)
}

// ages says how old a tag of the repository is: since it was pushed, or else since the
// image was created.
func (v *planView) ages(repository string) func(tag, digest string) string {
	if v.Graph == nil {
		return func(string, string) string { return notKnown }
	}
	pushed := map[string]time.Time{}
	if r := v.Graph.Repository(repository); r != nil {
		for _, t := range r.Tags {
			pushed[t.Name] = t.Pushed
		}
	}
	return func(tag, digest string) string {
		since := pushed[tag]
		if m := v.Graph.Manifests[digest]; since.IsZero() && m != nil {
			since = m.Created
		}
		return age(since, v.decided)
	}
}

func short(digest string) string {
	if digest == "" {
		return "-"
	}
	return clean(why.Short(digest))
}

// untaggedGoing are the manifests that go and that no tag of the repository names.
func untaggedGoing(r *plan.Repository) []plan.Manifest {
	tagged := make(map[string]bool, len(r.Tags))
	for _, t := range r.Tags {
		tagged[t.Digest] = true
	}
	var list []plan.Manifest
	for _, m := range r.Manifests {
		if m.Action == plan.Delete && !tagged[m.Digest] {
			list = append(list, m)
		}
	}
	return list
}
