package render

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// openMetrics writes gauges for the textfile collector. The number of series is
// bounded: without --top, by [mostSeries] groups.
func (v *view) openMetrics(w io.Writer) error {
	const mostSeries = 1000
	if v.Top == 0 || v.Top > mostSeries {
		o := v.Options
		o.Top = mostSeries
		v = newView(v.Report, o)
	}
	var b strings.Builder
	names := labels(v.groups)
	for _, m := range []struct {
		name, unit, help string
		value            func(report.Figures) int64
	}{
		{"redismem_keys", "", "Keys of a pattern.", func(f report.Figures) int64 { return f.Keys }},
		{"redismem_keys_error", "", "Half-width of the 95 percent interval of the keys, 0 if exact.", func(f report.Figures) int64 { return f.KeysError }},
		{"redismem_bytes", "bytes", "Memory of a pattern's keys.", func(f report.Figures) int64 { return f.Bytes }},
		{"redismem_error_bytes", "bytes", "Half-width of the 95 percent interval of the memory, 0 if exact.", func(f report.Figures) int64 { return f.BytesError }},
		{"redismem_max_key_bytes", "bytes", "Memory of a pattern's largest key that was sized.", func(f report.Figures) int64 { return f.Max }},
	} {
		family(&b, m.name, m.unit, m.help)
		for i, g := range v.groups {
			v.series(&b, m.name, names[i], "group", m.value(g.Figures))
		}
		if v.hasOther() {
			v.series(&b, m.name, "", "other", m.value(v.other.Figures))
		}
	}
	v.serverMetrics(&b)
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// labels are the groups' patterns. Where two would look the same, because the middle
// of a long one is cut, a hash tells them apart: a series twice would make the whole
// file invalid.
func labels(groups []report.Group) []string {
	out := make([]string, len(groups))
	times := map[string]int{}
	for i, g := range groups {
		out[i] = label(g.Pattern)
		times[out[i]]++
	}
	for i, g := range groups {
		if times[out[i]] > 1 {
			hash := fnv.New64a()
			_, _ = fmt.Fprint(hash, g.Pattern, g.Pinned)
			out[i] += fmt.Sprintf("#%016x", hash.Sum64())
		}
	}
	return out
}

func family(b *strings.Builder, name, unit, help string) {
	fmt.Fprintf(b, "# TYPE %s gauge\n", name)
	if unit != "" {
		fmt.Fprintf(b, "# UNIT %s %s\n", name, unit)
	}
	fmt.Fprintf(b, "# HELP %s %s\n", name, help)
}

func (v *view) series(b *strings.Builder, name, pattern, kind string, value int64) {
	fmt.Fprintf(b, "%s{source=\"%s\",kind=\"%s\",pattern=\"%s\"} %d\n", name, label(v.Source.Name), kind, pattern, value)
}

func (v *view) serverMetrics(b *strings.Builder) {
	source := label(v.Source.Name)
	family(b, "redismem_complete", "", "1 if every database of every shard was walked to its end.")
	complete := 0
	if v.Coverage.Complete {
		complete = 1
	}
	fmt.Fprintf(b, "redismem_complete{source=\"%s\"} %d\n", source, complete)
	if v.Accounting == nil {
		return
	}
	family(b, "redismem_accounting_bytes", "bytes", "Part of the servers' used memory.")
	seen := map[string]bool{}
	for _, i := range v.Accounting.Items {
		if seen[i.ID] { // see labels
			continue
		}
		seen[i.ID] = true
		var bytes int64
		for _, same := range v.Accounting.Items {
			if same.ID == i.ID {
				bytes += same.Bytes
			}
		}
		fmt.Fprintf(b, "redismem_accounting_bytes{source=\"%s\",part=\"%s\"} %d\n", source, label(i.ID), bytes)
	}
}

// label escapes the value of a label as OpenMetrics 1.0 wants it.
func label(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text(s))
}
