package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

// UsageOptions say how usage is shown. The zero value has no limits.
type UsageOptions struct {
	Width     int // terminal columns of a line; 0 means no limit
	NoHeaders bool
	Images    bool      // list images, too
	Top       int       // repositories, and images, that are listed; 0 means all; not for json and yaml
	Now       time.Time // that ages count to; zero leaves them out
}

// Usage writes u in one of [UsageFormats]. What has most bytes of its own comes first.
func Usage(w io.Writer, format string, u *usage.Usage, o UsageOptions) error {
	if done, err := machine(w, format, u); done {
		return err
	}
	v := &usageView{u, o}
	switch format {
	case Table:
		return v.table(w, o.Images)
	case Wide:
		v.Width = 0
		return v.table(w, true)
	case HTML:
		return htmlview.Usage(w, u, o.Now)
	}
	return unknown(format, UsageFormats)
}

type usageView struct {
	*usage.Usage
	UsageOptions
}

// most reports whether exclusive bytes are only the most that they can be.
func (v *usageView) most() bool { return v.Totals.Incomplete > 0 || v.Totals.Unreadable > 0 }

func (v *usageView) table(w io.Writer, images bool) error {
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "REPOSITORY", Shrink: true, Middle: true}, {Header: "TAGS", Right: true, Drop: 2}, {Header: "IMAGES", Right: true, Drop: 1},
		{Header: "SIZE", Right: true}, {Header: "EXCLUSIVE", Right: true}, {Header: "SHARED", Right: true},
		{Header: "UNTAGGED", Right: true, Drop: 3}, {Header: "UNTAGGED SIZE", Right: true, Drop: 3},
	}}
	list, others := v.Largest(v.Top)
	for _, r := range list {
		untagged, bytes := strconv.Itoa(r.Untagged.Manifests), amount(r.Untagged.Bytes, v.most(), r.Untagged.Unknown)
		if !r.Untagged.Known {
			untagged, bytes = notKnown, notKnown
		}
		t.Rows = append(t.Rows, []string{clean(r.Name), strconv.Itoa(r.Tags), strconv.Itoa(len(r.Images)), amount(r.Bytes, false, r.UnknownSizes),
			amount(r.ExclusiveBytes, v.most(), r.UnknownSizes), amount(r.SharedBytes, false, r.UnknownSizes), untagged, bytes})
	}
	if others > 0 {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("(%s)", counted(others, "smaller one", "smaller ones"))})
	}
	t.Rows = append(t.Rows, []string{"TOTAL", strconv.Itoa(v.Totals.Tags), strconv.Itoa(v.Totals.Images), amount(v.Totals.LinkedBytes, false, v.Totals.UnknownSizes),
		amount(v.Totals.LinkedBytes-v.Totals.SharedBytes, v.most(), v.Totals.UnknownSizes), amount(v.Totals.SharedBytes, false, 0)})
	if err := t.Write(w, v.Width); err != nil {
		return err
	}
	if images {
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		if err := v.images(w); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n"+v.summary())
	return err
}

// images lists those of all repositories, the biggest first.
func (v *usageView) images(w io.Writer) error {
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "IMAGE", Shrink: true, Middle: true}, {Header: "AGE", Right: true, Drop: 3}, {Header: "SIZE", Right: true},
		{Header: "EXCLUSIVE", Right: true}, {Header: "SHARED WITH ONE", Drop: 1}, {Header: "DIGEST", Drop: 2},
	}}
	images, others := v.LargestImages(v.Top)
	for _, i := range images {
		since := i.Pushed
		if since.IsZero() {
			since = i.Created
		}
		with := "-"
		if len(i.SharedWith) > 0 {
			with = output.Bytes(i.SharedWith[0].Bytes) + " " + clean(i.SharedWith[0].Name())
		}
		t.Rows = append(t.Rows, []string{clean(i.Repository + ":" + some(i.Tags)), age(since, v.Now), amount(i.Bytes, false, i.UnknownSizes),
			amount(i.ExclusiveBytes, v.most(), i.UnknownSizes), with, clean(why.Short(i.Digest))})
	}
	if others > 0 {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("(%s)", counted(others, "smaller one", "smaller ones"))})
	}
	if v.Now.IsZero() {
		t.Columns = slices.Delete(t.Columns, 1, 2)
		for i := range t.Rows {
			if len(t.Rows[i]) > 1 {
				t.Rows[i] = slices.Delete(t.Rows[i], 1, 2)
			}
		}
	}
	return t.Write(w, v.Width)
}

func (v *usageView) summary() string {
	var b block
	t := v.Totals
	if t.StoredBytes >= 0 {
		b.line("Stored", "%s in all", output.Bytes(t.StoredBytes))
	}
	b.line("Needed", "%s by manifests, %s of that by several repositories", amount(t.LinkedBytes, false, t.UnknownSizes), output.Bytes(t.SharedBytes))
	if t.GarbageBytes >= 0 {
		b.line("Garbage", "%s, which a garbage collection frees", amount(t.GarbageBytes, v.most(), 0))
	}
	for _, text := range v.NotKnown() {
		b.line("Not known", "%s", text)
	}
	return b.String()
}
