// Package render writes a report in the formats that are text: tables for
// people, and what other programs read.
//
// Every name in a report is hostile: each format escapes it by its own rules.
package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Formats that [Write] knows.
const (
	Table       = "table"
	Wide        = "wide"
	CSV         = "csv"
	JSON        = "json"
	YAML        = "yaml"
	Markdown    = "markdown"
	OpenMetrics = "openmetrics"
	HTML        = "html"
	Pprof       = "pprof"
	Folded      = "folded"
	NCDU        = "ncdu"
)

// Formats are all of them, in the order of a help text.
var Formats = []string{Table, Wide, CSV, JSON, YAML, Markdown, OpenMetrics, HTML, Pprof, Folded, NCDU}

// Orders of the groups; the pinned ones always come first.
const (
	BySize = "size"
	ByKeys = "keys"
	ByAvg  = "avg"
	ByMax  = "max"
	ByName = "name"
)

// Sections are texts that can follow a table.
type Sections uint8

// The sections. Wide has all of them.
const (
	Accounting Sections = 1 << iota // the waterfall from used memory to keys
	Cost                            // what the scan cost the servers, one line
	Advice                          // all of it, with reasons
	Biggest                         // the biggest keys
	Sizes                           // the distribution of sizes of the largest groups
	Brief                           // at most three lines of the most urgent advice
	Owners                          // who uses which keys, if that was asked for
)

// Options say how a report is shown. The zero value has no limits.
type Options struct {
	Width     int    // terminal columns of a line; 0 means no limit
	Top       int    // groups to show besides the pinned ones, the rest is summed up; 0 means all; not for json, yaml, pprof, folded and ncdu
	Sort      string // one of the orders; "" leaves the report's
	NoHeaders bool   // of tables and csv
	Sections  Sections
	Before    *report.Report // of the same data: tables show growth since then
}

// Write writes r in one of [Formats]. It does not change r.
func Write(w io.Writer, format string, r *report.Report, o Options) error {
	switch format {
	case JSON:
		return output.JSON(w, r)
	case YAML:
		return output.YAML(w, r)
	case HTML:
		return htmlview.Write(w, r)
	case Pprof:
		return writePprof(w, r)
	case Folded:
		return writeFolded(w, r)
	case NCDU:
		return writeNCDU(w, r)
	}
	v := newView(r, o)
	switch format {
	case Table:
		return v.table(w, false)
	case Wide:
		v.Sections |= Accounting | Cost | Advice | Biggest | Sizes | Owners
		return v.table(w, true)
	case CSV:
		return v.csv(w)
	case Markdown:
		return v.markdown(w)
	case OpenMetrics:
		return v.openMetrics(w)
	}
	return hint.With(fmt.Errorf("unknown output format %q", format), "use one of "+strings.Join(Formats, ", "))
}

// view is a report as it is shown: sorted, and with the groups below the top
// added to what the groups leave.
type view struct {
	*report.Report
	Options
	groups []report.Group
	other  report.Other
}

func newView(r *report.Report, o Options) *view {
	v := &view{Report: r, Options: o, groups: slices.Clone(r.Groups), other: r.Other}
	slices.SortStableFunc(v.groups, func(a, b report.Group) int {
		if a.Pinned != b.Pinned {
			if a.Pinned {
				return -1
			}
			return 1
		}
		switch o.Sort {
		case BySize:
			return cmp.Compare(b.Bytes, a.Bytes)
		case ByKeys:
			return cmp.Compare(b.Keys, a.Keys)
		case ByAvg:
			return cmp.Compare(b.Avg, a.Avg)
		case ByMax:
			return cmp.Compare(b.Max, a.Max)
		case ByName:
			return strings.Compare(a.Pattern, b.Pattern)
		}
		return 0
	})
	kept := len(v.groups)
	if o.Top > 0 {
		pinned := 0
		for pinned < len(v.groups) && v.groups[pinned].Pinned {
			pinned++
		}
		kept = min(kept, pinned+o.Top) // who pins a group wants to see it, and the others too
	}
	for _, g := range v.groups[kept:] {
		v.other.Figures = sum(v.other.Figures, g.Figures)
		v.other.Patterns++
	}
	v.groups = v.groups[:kept]
	return v
}

// sum adds figures of disjoint keys. Half-widths are added up, which never makes
// the interval of a sum too narrow. Medians of a sum are not known.
func sum(a, b report.Figures) report.Figures {
	s := report.Figures{Keys: a.Keys + b.Keys, Bytes: a.Bytes + b.Bytes, Max: max(a.Max, b.Max), Sized: a.Sized + b.Sized,
		KeysError: a.KeysError + b.KeysError, BytesError: a.BytesError + b.BytesError}
	switch {
	case a.Sized == 0:
		s.Min = b.Min
	case b.Sized == 0:
		s.Min = a.Min
	default:
		s.Min = min(a.Min, b.Min)
	}
	if s.Keys > 0 {
		s.Avg = s.Bytes / s.Keys
	}
	return s
}

func (v *view) hasOther() bool { return v.other.Patterns > 0 || v.other.Keys > 0 }
