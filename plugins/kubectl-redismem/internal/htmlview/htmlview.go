// Package htmlview shows a report as one self-contained HTML file.
package htmlview

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/hierarchy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Write writes r as HTML.
func Write(w io.Writer, r *report.Report) error { return page(r).Write(w) }

func page(r *report.Report) *htmlreport.Page {
	root, nodes := tree(r)
	p := &htmlreport.Page{
		Program: "kubectl redismem",
		Title:   "Memory of " + r.Source.Name,
		Lead: fmt.Sprintf("%s keys take %s%s.", htmlreport.FormatCount(float64(r.Totals.Keys)), size(r.Totals.Bytes),
			plusMinus(" ± ", r.Totals.BytesError)),
		Facts:     facts(r),
		Banners:   banners(r),
		CardsHead: "Advice",
		Map: htmlreport.Map{
			Title: "Where the memory is", Root: root,
			Note:     "Areas are in proportion. A click or Enter zooms in, Esc goes back.",
			Measures: []htmlreport.Measure{{Label: "memory", Unit: htmlreport.Bytes}, {Label: "keys", Unit: htmlreport.Count}},
			Ratios:   []htmlreport.Ratio{{Label: "average size", Unit: htmlreport.Bytes, Log: true}, {Label: "share without TTL", Unit: htmlreport.Share}},
			Distributions: []htmlreport.Distribution{
				{Title: "Sizes of keys", Unit: htmlreport.Bytes, What: "keys", Empty: "No size is known."},
				{Title: "Time to live", Note: "Scaled up from the keys that were sampled; keys without a TTL are left out", Unit: htmlreport.Seconds,
					What: "keys", Empty: "No sampled key has a TTL."},
			},
		},
		Table:     groups(r, nodes),
		Waterfall: waterfall(r.Accounting),
		Lists:     []htmlreport.Table{biggest(r), owners(r), clients(r)},
		Receipts:  []htmlreport.Receipt{receipt(r.Cost)},
		Notes:     notes,
	}
	for _, a := range r.Advice {
		c := htmlreport.Card{Level: htmlreport.Level(a.Severity), Label: a.Severity, Title: a.Title, Subject: a.Pattern, Why: a.Why, What: a.What, Node: nodes[a.Pattern]}
		if a.Saves > 0 {
			c.Figure = "might save " + size(a.Saves)
		}
		p.Cards = append(p.Cards, c)
	}
	return p
}

func size(n int64) string  { return htmlreport.FormatBytes(float64(n)) }
func count(n int64) string { return htmlreport.FormatCount(float64(n)) }

func plusMinus(sign string, n int64) string {
	if n == 0 {
		return ""
	}
	return sign + size(n)
}

// tree is the hierarchy of the groups, and where each pattern is in it.
func tree(r *report.Report) (*htmlreport.Node, map[string]*htmlreport.Node) {
	byPattern := map[string]*htmlreport.Node{}
	var convert func(h *hierarchy.Node) *htmlreport.Node
	convert = func(h *hierarchy.Node) *htmlreport.Node {
		n := &htmlreport.Node{Name: h.Name, Title: cmp.Or(h.Full, h.Name)}
		for len(h.Children) == 1 && h.Name != hierarchy.Root { // a step that tells nothing
			h = h.Children[0]
			n.Name, n.Title = n.Name+h.Name, h.Full
		}
		for _, c := range h.Children {
			n.Children = append(n.Children, convert(c))
		}
		if len(h.Children) > 0 {
			return n
		}
		n.Values = []float64{float64(h.Bytes), float64(h.Keys)}
		n.Ratios = [][2]float64{{float64(h.Bytes), float64(h.Keys)}, {}}
		switch g := h.Group; {
		case g != nil:
			byPattern[g.Pattern] = n
			n.Errors = []float64{float64(g.BytesError), float64(g.KeysError)}
			n.Bins = [][]htmlreport.Bin{scaled(g.Sizes, g.Keys, total(g.Sizes))}
			if d := g.Detail; d != nil && d.Sampled > 0 {
				n.Ratios[1] = [2]float64{float64(d.NoTTL) / float64(d.Sampled) * float64(g.Keys), float64(g.Keys)}
				n.Bins = append(n.Bins, scaled(d.TTL, g.Keys, d.Sampled))
			}
		case h.Name == hierarchy.Other:
			n.Rest = true
			n.Errors = []float64{float64(r.Other.BytesError), float64(r.Other.KeysError)}
		}
		return n
	}
	root := convert(hierarchy.Build(r))
	root.Errors = []float64{float64(r.Totals.BytesError), float64(r.Totals.KeysError)}
	return root, byPattern
}

func total(bins []report.Bin) (n int64) {
	for _, b := range bins {
		n += b.Count
	}
	return n
}

// scaled lets the bins of a sample stand for all keys.
func scaled(bins []report.Bin, keys, sampled int64) []htmlreport.Bin {
	var list []htmlreport.Bin
	for _, b := range bins {
		list = append(list, htmlreport.Bin{From: float64(b.From), Count: float64(b.Count) * float64(keys) / float64(max(sampled, 1))})
	}
	return list
}

func facts(r *report.Report) []htmlreport.Fact {
	list := []htmlreport.Fact{{Label: "Keys", Value: count(r.Totals.Keys)}, {Label: "Memory of keys", Value: size(r.Totals.Bytes), Note: plusMinus("± ", r.Totals.BytesError)}}
	var used int64
	versions := map[string]bool{}
	for _, s := range r.Servers {
		used += s.UsedMemory
		versions[s.Flavour+" "+s.Version] = true
	}
	if used > 0 {
		list = append(list, htmlreport.Fact{Label: "Used memory", Value: size(used), Note: "of " + strconv.Itoa(len(r.Servers)) + " server(s)"})
	}
	if len(versions) > 0 {
		list = append(list, htmlreport.Fact{Label: "Server", Value: strings.Join(slices.Sorted(maps.Keys(versions)), ", ")})
	}
	if r.Source.Namespace != "" {
		list = append(list, htmlreport.Fact{Label: "Namespace", Value: r.Source.Namespace, Note: r.Source.Context})
	}
	return append(list,
		htmlreport.Fact{Label: "Coverage", Value: htmlreport.FormatShare(r.Coverage.Share()), Note: count(r.Coverage.Seen) + " keys seen"},
		htmlreport.Fact{Label: "Taken", Value: r.Coverage.Started.UTC().Format("2006-01-02 15:04 UTC"), Note: "in " + htmlreport.FormatSeconds(r.Coverage.Seconds)})
}

func banners(r *report.Report) []htmlreport.Banner {
	var list []htmlreport.Banner
	if c := r.Coverage; !c.Complete {
		list = append(list, htmlreport.Banner{Level: htmlreport.Act, Title: "Partial.", Text: "Not every key was seen: " +
			strings.Join(append(slices.Clone(c.Reasons), c.Missing...), "; ")})
	}
	if n := r.Coverage.Unreadable; n > 0 {
		list = append(list, htmlreport.Banner{Level: htmlreport.Look, Title: "Unreadable keys.", Text: count(n) + " keys were named, but the server refused to tell their size."})
	}
	if s := r.Sampling; s.Mode != report.Full && s.Mode != "" {
		list = append(list, htmlreport.Banner{Level: htmlreport.Look, Title: "Estimated.", Text: strings.Join(append([]string{
			count(s.Sized) + " keys were sized; every figure has a 95 % interval."}, s.Notes...), " ")})
	}
	return list
}
