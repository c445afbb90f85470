// Package htmlview shows what takes the space of a registry, and what a plan would
// do about it, as one HTML file that needs nothing else.
//
// Areas add up: bytes that several need stand beside those who need them, in
// an area of their own, and are not spread over them.
package htmlview

import (
	"fmt"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

// The most that a page shows, so that it stays quick; the rest is summed up.
const (
	mostRepositories = 150
	mostImages       = 40 // of one repository
	mostRows         = 500
)

const (
	program = "kubectl regprune"
	mapNote = "Areas are in proportion. A click or Enter zooms in, Esc goes back."
)

// Usage writes u. Now is what ages count to; zero leaves them out.
func Usage(w io.Writer, u *usage.Usage, now time.Time) error {
	m := newMapper(u, nil)
	m.now = now
	t := u.Totals
	lead := fmt.Sprintf("%s in %s take %s.", counted(t.Images, "image", "images"), counted(t.Repositories, "repository", "repositories"), bytes(t.LinkedBytes))
	if t.GarbageBytes > 0 {
		lead = fmt.Sprintf("%s in %s take %s, and %s is garbage.", counted(t.Images, "image", "images"), counted(t.Repositories, "repository", "repositories"),
			bytes(t.LinkedBytes), most(!t.Exact)+bytes(t.GarbageBytes))
	}
	p := &htmlreport.Page{
		Program: program, Title: "Space of " + u.Registry, Lead: lead,
		Facts: usageFacts(u), Banners: banners(u.NotKnown(), nil),
		Map:   htmlreport.Map{Title: "Where the space is", Note: mapNote, Measures: measures, Root: m.tree()},
		Notes: notes,
	}
	if !now.IsZero() {
		p.Map.Ratios = []htmlreport.Ratio{{Label: "average age", Unit: htmlreport.Seconds, Log: true}}
	}
	p.Table = m.repositories()
	p.Lists = []htmlreport.Table{m.images(), m.pairs()}
	return p.Write(w)
}

// Plan writes p with u, which [usage.WithPlan] made for it. Without u, as with a plan
// from a file, the page has no sizes but those of the plan's totals.
func Plan(w io.Writer, p *plan.Plan, u *usage.Usage) error {
	m := newMapper(u, p)
	t := p.Totals
	page := &htmlreport.Page{
		Program: program, Title: "Prune plan for " + p.Registry.Name, Lead: planLead(p),
		Facts: planFacts(p, u), Banners: planBanners(p, u),
		Map: htmlreport.Map{
			Title: "What goes", Root: m.tree(), Colour: 1,
			Note:     "Red and hatched is what goes, with this plan or as garbage already now, the darker the more of it; grey stays. " + mapNote,
			Measures: measures, Ratios: []htmlreport.Ratio{{Label: "share that goes", Unit: htmlreport.Share, Loss: true}},
		},
		Waterfall: waterfall(t, u),
		Notes:     planNotes,
	}
	if u == nil {
		page.Map.Measures = measures[1:]
		page.Map.Title, page.Map.Note = "Tags that go", "Sizes are not known here. "+page.Map.Note
	}
	page.Table = m.repositories()
	page.Lists = []htmlreport.Table{m.going(), m.blockers(), reasons(p)}
	return page.Write(w)
}

var measures = []htmlreport.Measure{{Label: "space", Unit: htmlreport.Bytes}, {Label: "tags", Unit: htmlreport.Count}}

func bytes(n int64) string { return htmlreport.FormatBytes(float64(n)) }

func number(n int) string { return htmlreport.FormatCount(float64(n)) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

func most(bound bool) string {
	if bound {
		return "at most "
	}
	return ""
}

var notes = []htmlreport.Fact{
	{Label: "Exclusive", Value: "Bytes that a garbage collection would free if this image with all its tags, or this repository, went. Everything else that it needs, others need, too."},
	{Label: "Shared", Value: "A layer is stored once for all images and repositories. What several images of one repository need stands beside them as \"shared within\"; what several repositories need stands beside those."},
	{Label: "Untagged", Value: "Manifests that no tag leads to, directly or through an index. They keep their bytes until they are deleted."},
	{Label: "Garbage", Value: "Blobs that no manifest names. A garbage collection deletes them."},
}

var planNotes = append([]htmlreport.Fact{
	{Label: "What goes", Value: "Bytes that this plan frees once a garbage collection has run, exactly where they are. A part of what is shared goes only where all go that share it."},
}, notes...)
