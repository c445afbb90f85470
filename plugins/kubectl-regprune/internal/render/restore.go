package render

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

type outcome struct {
	backup.Outcome
	Error string `json:"error,omitempty"`
}

type restored struct {
	kind
	Run      string                `json:"run"`
	Complete bool                  `json:"complete"` // everything is, or could be, as it was
	Counts   map[backup.Status]int `json:"counts"`
	Items    []outcome             `json:"items"`
}

var statuses = []backup.Status{backup.Restored, backup.Restorable, backup.Present, backup.Moved, backup.Impossible, backup.Failed}

// Restore writes what was put back of a run, or could be, in one of [ResultFormats].
// Tables list what was not.
func Restore(w io.Writer, format, run string, outcomes []backup.Outcome, o ResultOptions) error {
	v := restored{kind{apiVersion, "RestoreResult"}, run, true, map[backup.Status]int{}, []outcome{}}
	tags, manifests := map[backup.Status]int{}, map[backup.Status]int{}
	for _, one := range outcomes {
		v.Items = append(v.Items, outcome{one, said(one.Err)})
		v.Counts[one.Status]++
		if !well(one.Status) {
			v.Complete = false
		}
		if one.Tag != "" {
			tags[one.Status]++
		} else {
			manifests[one.Status]++
		}
	}
	return result(w, format, v, func(p *page) {
		counts := &output.Table{Columns: []output.Column{{Header: "STATUS"}, {Header: "TAGS", Right: true}, {Header: "MANIFESTS", Right: true}}}
		for _, s := range statuses {
			if v.Counts[s] > 0 {
				counts.Rows = append(counts.Rows, []string{string(s), strconv.Itoa(tags[s]), strconv.Itoa(manifests[s])})
			}
		}
		p.table(counts, o)
		items := &output.Table{Columns: []output.Column{{Header: "NOT PUT BACK"}, {Header: "STATUS"}, {Header: "DETAIL"}}}
		for _, one := range v.Items {
			if !well(one.Status) {
				items.Rows = append(items.Rows, []string{image(one.Repo, one.Tag, one.Digest), string(one.Status), restoreDetail(one)})
			}
		}
		p.table(items, ResultOptions{NoHeaders: o.NoHeaders})
		b := &block{}
		b.line("Result", "%s", v.verdict())
		p.lines(b)
	})
}

// verdict says how far it got, or would.
func (v *restored) verdict() string {
	all, can, done, there := len(v.Items), v.Counts[backup.Restorable], v.Counts[backup.Restored], v.Counts[backup.Present]
	rest := "; see above for the rest"
	if there > 0 {
		rest = fmt.Sprintf(", %d %s there already%s", there, isAre(there), rest)
	}
	switch {
	case all == 0:
		return "there was nothing to put back"
	case v.Complete && can > 0:
		return "all of it can be put back"
	case v.Complete:
		return "all of it is there"
	case can > 0:
		return fmt.Sprintf("partial: %d of %d can be put back%s", can, all, rest)
	case done > 0:
		return fmt.Sprintf("partial: %d of %d %s put back%s", done, all, wasWere(done), rest)
	case v.Counts[backup.Failed] > 0:
		return "nothing was put back" + rest
	}
	return "nothing can be put back" + rest
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func well(s backup.Status) bool {
	return s == backup.Restored || s == backup.Restorable || s == backup.Present
}

func restoreDetail(o outcome) string {
	return join(prefixed("leads to", clean(why.Short(o.Now))), prefixed("missing", some(shorts(o.Missing))), o.Error)
}

type runList struct {
	kind
	Items []backup.Run `json:"items"`
}

// Runs lists earlier runs, in one of [ResultFormats].
func Runs(w io.Writer, format string, runs []backup.Run, o ResultOptions) error {
	v := runList{kind{apiVersion, "RunList"}, append([]backup.Run{}, runs...)}
	return result(w, format, v, func(p *page) {
		t := &output.Table{Columns: []output.Column{{Header: "RUN"}, {Header: "STATE"}, {Header: "AGE", Right: true, Drop: 1}, {Header: "DELETED"},
			{Header: "REGISTRY", Shrink: true, Middle: true}, {Header: "CONTEXT", Drop: 2}}}
		if o.Now.IsZero() {
			t.Columns[2] = output.Column{Header: "CREATED", Drop: 1}
		}
		b := &block{}
		for _, r := range runs {
			created := notKnown
			if !o.Now.IsZero() {
				created = age(r.CreatedAt, o.Now)
			} else if !r.CreatedAt.IsZero() {
				created = r.CreatedAt.UTC().Format(time.RFC3339)
			}
			t.Rows = append(t.Rows, []string{clean(r.Name), clean(string(r.State)), created, deleted(r), join(clean(r.Registry)), join(clean(r.Context))})
			if r.State == backup.Stopped || r.State == backup.Waiting {
				b.line("To go on", "%s", clean("kubectl regprune apply --resume "+r.Name+prefixed(" --context", r.Context)))
			}
		}
		p.table(t, o)
		p.lines(b)
	})
}

// deleted is what a run has deleted of what it should.
func deleted(r backup.Run) string {
	if r.Registry == "" { // its index could not be read
		return notKnown
	}
	text := fmt.Sprintf("%d of %s, %d of %s", r.DeletedTags, counted(r.Tags, "tag", "tags"), r.DeletedManifests, counted(r.Manifests, "manifest", "manifests"))
	if r.Killed {
		return "at least " + text
	}
	return text
}
