package htmlview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

func text(s string) htmlreport.Cell { return htmlreport.Cell{Text: s} }

func size(n int64, unknown int) htmlreport.Cell {
	c := htmlreport.Cell{Text: bytes(n), Value: float64(n)}
	switch {
	case n == 0 && unknown > 0:
		c.Text = "?"
	case unknown > 0:
		c.Small = "and " + counted(unknown, "unknown size", "unknown sizes")
	}
	return c
}

func count(n int) htmlreport.Cell { return htmlreport.Cell{Text: number(n), Value: float64(n)} }

func numeric(label, help string) htmlreport.Column {
	return htmlreport.Column{Label: label, Help: help, Numeric: true}
}

func cut(t htmlreport.Table) htmlreport.Table {
	if more := len(t.Rows) - mostRows; more > 0 {
		t.Rows = t.Rows[:mostRows]
		t.Note = strings.TrimSpace(t.Note + fmt.Sprintf(" And %s more.", number(more)))
	}
	return t
}

// repositories is the table of all of them.
func (m *mapper) repositories() htmlreport.Table {
	t := htmlreport.Table{Title: "Repositories", Note: "A click on a row shows it in the map.", Columns: []htmlreport.Column{
		{Label: "Repository", Name: true}, numeric("Tags", ""),
	}}
	if m.plan != nil {
		t.Columns = append(t.Columns, numeric("Tags that go", ""))
	}
	if m.usage == nil {
		for _, r := range m.plan.Repos {
			t.Rows = append(t.Rows, htmlreport.Row{Node: m.nodes[r.Name], Cells: []htmlreport.Cell{text(r.Name), count(len(r.Tags)), count(m.tags[r.Name])}})
		}
		slices.SortStableFunc(t.Rows, func(a, b htmlreport.Row) int { return cmp.Compare(b.Cells[2].Value, a.Cells[2].Value) })
		return cut(t)
	}
	if m.plan != nil {
		t.Columns = append(t.Columns, numeric("Frees", "alone; what several repositories share is extra"))
	}
	t.Columns = append(t.Columns, numeric("Size", "all that its manifests need"), numeric("Exclusive", "needed by this repository only"),
		numeric("Shared", "with other repositories"), numeric("Untagged", "manifests"), numeric("Their bytes", "that only untagged manifests need"))
	list, _ := m.usage.Largest(0)
	if m.plan != nil {
		slices.SortStableFunc(list, func(a, b *usage.Repository) int { return cmp.Compare(b.Freed, a.Freed) })
	}
	for _, r := range list {
		cells := []htmlreport.Cell{text(r.Name), count(r.Tags)}
		if m.plan != nil {
			freed := size(r.Freed, 0)
			freed.Bar = part(r.Freed, m.usage.Totals.Freed)
			cells = append(cells, count(m.tags[r.Name]), freed)
		}
		exclusive := size(r.ExclusiveBytes, r.UnknownSizes)
		if m.plan == nil {
			exclusive.Bar = part(r.ExclusiveBytes, m.usage.Totals.LinkedBytes)
		}
		untagged, theirs := count(r.Untagged.Manifests), size(r.Untagged.Bytes, r.Untagged.Unknown)
		if !r.Untagged.Known {
			untagged, theirs = htmlreport.Cell{Text: "?", Value: -1}, htmlreport.Cell{Text: "?", Value: -1}
		}
		t.Rows = append(t.Rows, htmlreport.Row{Node: m.nodes[r.Name],
			Cells: append(cells, size(r.Bytes, r.UnknownSizes), exclusive, size(r.SharedBytes, 0), untagged, theirs)})
	}
	return cut(t)
}

func part(n, of int64) float64 { return float64(n) / float64(max(of, 1)) }

type placed struct {
	repository *usage.Repository
	image      *usage.Image
}

// images lists those with most bytes of their own.
func (m *mapper) images() htmlreport.Table {
	var all []placed
	for i := range m.usage.Repositories {
		r := &m.usage.Repositories[i]
		for k := range r.Images {
			all = append(all, placed{r, &r.Images[k]})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(b.image.ExclusiveBytes, a.image.ExclusiveBytes), cmp.Compare(b.image.Bytes, a.image.Bytes))
	})
	t := htmlreport.Table{Title: "Images", Columns: []htmlreport.Column{{Label: "Image", Name: true}, numeric("Exclusive", "freed if it goes with all its tags"),
		numeric("Size", "with children and signatures"), numeric("Shared", ""), {Label: "Digest"}}}
	if !m.now.IsZero() {
		t.Columns = append(t.Columns, numeric("Age", "since it was pushed, or else created"))
	}
	for _, p := range all {
		cells := []htmlreport.Cell{text(p.repository.Name + ":" + some(p.image.Tags)), size(p.image.ExclusiveBytes, p.image.UnknownSizes),
			size(p.image.Bytes, p.image.UnknownSizes), size(p.image.SharedBytes, 0), text(why.Short(p.image.Digest))}
		if !m.now.IsZero() {
			age := htmlreport.Cell{Text: "?", Value: -1}
			if since := since(p.image); !since.IsZero() {
				seconds := m.now.Sub(since).Seconds()
				age = htmlreport.Cell{Text: htmlreport.FormatSeconds(max(seconds, 0)), Value: seconds}
			}
			cells = append(cells, age)
		}
		t.Rows = append(t.Rows, htmlreport.Row{Cells: cells, Node: m.nodes[key(p.repository.Name, p.image.Digest)]})
	}
	return cut(t)
}

// pairs lists what two images share and nobody else needs.
func (m *mapper) pairs() htmlreport.Table {
	t := htmlreport.Table{Title: "Shared by two", Note: "Bytes that are free once both go, and not before.", Columns: []htmlreport.Column{
		{Label: "Image", Name: true}, {Label: "With"}, numeric("Bytes", "")}}
	seen := map[[2]string]bool{}
	for i := range m.usage.Repositories {
		r := &m.usage.Repositories[i]
		for k := range r.Images {
			image := &r.Images[k]
			for _, s := range image.SharedWith {
				one, other := key(r.Name, image.Digest), key(s.Repository, s.Digest)
				if pair := [2]string{min(one, other), max(one, other)}; !seen[pair] {
					seen[pair] = true
					t.Rows = append(t.Rows, htmlreport.Row{Node: m.nodes[one],
						Cells: []htmlreport.Cell{text(r.Name + ":" + some(image.Tags)), text(sharer(s)), size(s.Bytes, 0)}})
				}
			}
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b htmlreport.Row) int { return cmp.Compare(b.Cells[2].Value, a.Cells[2].Value) })
	return cut(t)
}

func sharer(s usage.Sharer) string {
	switch {
	case s.Digest == "":
		return s.Repository + " (untagged)"
	case len(s.Tags) == 0:
		return s.Repository + "@" + why.Short(s.Digest)
	}
	return s.Repository + ":" + some(s.Tags)
}

// blockers lists who keeps bytes that a plan would free.
func (m *mapper) blockers() htmlreport.Table {
	t := htmlreport.Table{Title: "In the way of more", Note: "Images that stay, and alone keep what this plan's images share with them. If one of them went, too, its bytes would be free.",
		Columns: []htmlreport.Column{{Label: "Image", Name: true}, numeric("Keeps", "bytes that would be free without it")}}
	if m.usage == nil {
		return t
	}
	for _, s := range m.usage.Blockers {
		t.Rows = append(t.Rows, htmlreport.Row{Node: m.nodes[key(s.Repository, s.Digest)], Cells: []htmlreport.Cell{text(sharer(s)), size(s.Bytes, 0)}})
	}
	return t
}

// going lists what goes.
func (m *mapper) going() htmlreport.Table {
	t := htmlreport.Table{Title: "What goes", Columns: []htmlreport.Column{{Label: "Image", Name: true}, {Label: "Action"}, {Label: "Reason"}, {Label: "Because"}, {Label: "Digest"}}}
	add := func(node *htmlreport.Node, name string, a plan.Action, r plan.Reason, digest string) {
		mark := goes
		if a == plan.Untag {
			mark = "only the tag"
		}
		t.Rows = append(t.Rows, htmlreport.Row{Node: node, Mark: mark,
			Cells: []htmlreport.Cell{text(name), text(string(a)), text(string(r)), text(why.Words(r)), text(why.Short(digest))}})
	}
	for _, r := range m.plan.Repos {
		tagged := map[string]bool{}
		for _, tag := range r.Tags {
			tagged[tag.Digest] = true
			if tag.Action != plan.Keep {
				add(m.nodes[key(r.Name, tag.Digest)], r.Name+":"+tag.Name, tag.Action, tag.Reason, tag.Digest)
			}
		}
		for _, one := range r.Manifests {
			if one.Action == plan.Delete && !tagged[one.Digest] {
				add(m.nodes[r.Name], r.Name+"@"+why.Short(one.Digest), one.Action, one.Reason, one.Digest)
			}
		}
	}
	return cut(t)
}

// reasons counts tags by why they stay or go.
func reasons(p *plan.Plan) htmlreport.Table {
	type reason struct {
		stays bool
		plan.Reason
		rule int
	}
	counts := map[reason]int{}
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			counts[reason{t.Action == plan.Keep, t.Reason, t.Rule}]++
		}
	}
	t := htmlreport.Table{Title: "Reasons", Columns: []htmlreport.Column{{Label: "Reason", Name: true}, {Label: "Tags"}, {Label: "Meaning"}, numeric("How many", "")}}
	order := func(a, b reason) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(string(a.Reason), string(b.Reason)), a.rule-b.rule)
	}
	for _, r := range slices.SortedFunc(maps.Keys(counts), order) {
		name, meaning, verdict := string(r.Reason), why.Words(r.Reason), "go"
		if r.rule > 0 && r.Reason == "rule" {
			name = fmt.Sprintf("rule:%d", r.rule)
			if r.rule <= len(p.Policy) {
				meaning = p.Policy[r.rule-1]
			}
		}
		if r.stays {
			verdict = "stay"
		}
		t.Rows = append(t.Rows, htmlreport.Row{Cells: []htmlreport.Cell{text(name), text(verdict), text(meaning), count(counts[r])}})
	}
	return t
}
