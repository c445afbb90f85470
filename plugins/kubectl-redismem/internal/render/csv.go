package render

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

var columns = []string{"prefix", "totalKeys", "totalSize", "avgKeySize", "minKeySize", "maxKeySize", "kind",
	"keysError", "bytesError", "p50", "p99", "share", "keysSized", "sampled", "noTTL", "types", "encodings", "shape"}

// csv writes one row a group. The first six columns are fixed; the column kind
// tells the row of all other patterns from a group.
func (v *view) csv(out io.Writer) error {
	w := csv.NewWriter(out)
	row := func(name, kind string, f report.Figures, g report.Group) {
		cells := []string{guard(name)}
		for _, n := range []int64{f.Keys, f.Bytes, f.Avg, f.Min, f.Max} {
			cells = append(cells, number(n))
		}
		cells = append(cells, kind)
		cells = append(cells, number(f.KeysError), number(f.BytesError))
		for _, n := range []int64{f.P50, f.P99} {
			cells = append(cells, known(n))
		}
		cells = append(cells, strconv.FormatFloat(share(f.Bytes, v.Totals.Bytes), 'f', 6, 64), number(f.Sized))
		if d := g.Detail; d != nil {
			cells = append(cells, number(d.Sampled), number(d.NoTTL), guard(mix(d.Types)), guard(mix(d.Encodings)))
		} else {
			cells = append(cells, "0", "", "", "")
		}
		_ = w.Write(append(cells, guard(streams.SanitizeLine(g.Shape)))) // the writer keeps the error
	}
	if !v.NoHeaders {
		_ = w.Write(columns)
	}
	for _, g := range v.groups {
		kind := "group"
		if g.Pinned {
			kind = "pinned"
		}
		row(streams.SanitizeLine(g.Pattern), kind, g.Figures, g)
	}
	if v.hasOther() {
		row(otherName, "other", v.other.Figures, report.Group{})
	}
	w.Flush()
	return w.Error()
}

// known is empty where there is no figure: a 0 would be made up.
func known(n int64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

// guard keeps spreadsheets from taking a name for a formula. What begins with
// the quote itself gets one more, so that taking off one gives the name back.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
