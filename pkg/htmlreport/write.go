package htmlreport

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed assets
var assets embed.FS

func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return "" // the compiler embeds them; the tests look at each
	}
	return string(b)
}

// policy is the Content-Security-Policy of a page: this style, this script, and
// nothing that could be fetched from anywhere.
func policy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " + hash(style) + "; script-src " + hash(script)
}

// Write writes p as one HTML file.
func (p *Page) Write(w io.Writer) error {
	if p.Map.Root == nil {
		p.Map.Root = &Node{Name: "all"}
	}
	nodes, index := flatten(p.Map)
	data, err := json.Marshal(payload(p.Map, nodes))
	if err != nil {
		return fmt.Errorf("encode the report's data: %w", err)
	}
	style := asset("style.css")
	script := "'use strict';(() => {\n" + asset("base.js") + asset("map.js") + asset("page.js") + "})();\n"
	t, err := template.New("page").Funcs(functions(index)).Parse(asset("page.html"))
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	// Encoding/json writes <, > and & as \u003c and so on, so data cannot end its element.
	return t.Execute(w, struct {
		*Page
		Policy       string
		Style        template.CSS
		Script, Data template.JS
	}{p, policy(style, script), template.CSS(style), template.JS(script), template.JS(data)})
}

func payload(m Map, nodes []flatNode) any {
	type named map[string]any
	measures, ratios, distributions := []named{}, []named{}, []named{}
	for _, x := range m.Measures {
		measures = append(measures, named{"label": plain(x.Label), "unit": x.Unit})
	}
	for _, x := range m.Ratios {
		ratios = append(ratios, named{"label": plain(x.Label), "unit": x.Unit, "log": x.Log, "loss": x.Loss})
	}
	for _, x := range m.Distributions {
		distributions = append(distributions, named{"title": plain(x.Title), "note": plain(x.Note), "unit": x.Unit, "what": plain(x.What), "empty": plain(x.Empty)})
	}
	return named{"measures": measures, "ratios": ratios, "distributions": distributions, "nodes": nodes, "colour": m.Colour - 1}
}

func functions(index map[*Node]int) template.FuncMap {
	return template.FuncMap{
		"plain":   plain,
		"bytes":   func(n int64) string { return FormatBytes(float64(n)) },
		"percent": func(share float64) string { return fmt.Sprintf("%.2f", min(max(share, 0), 1)*100) },
		"falls":   falls,
		"node": func(n *Node) template.HTMLAttr {
			i, ok := index[n]
			if !ok {
				return ""
			}
			return template.HTMLAttr(fmt.Sprintf(` data-node="%d"`, i))
		},
	}
}

// fall is a bar of a waterfall, in thousandths of its width.
type fall struct {
	Step
	Class string
	X, W  string
}

func falls(w *Waterfall) []fall {
	low, high, at := int64(0), w.Total.Bytes, w.Total.Bytes
	for _, s := range w.Steps {
		at -= s.Bytes
		low, high = min(low, at), max(high, at)
	}
	scale := 1000 / max(float64(high-low), 1)
	bar := func(s Step, from, to int64, class ...string) fall {
		from, to = min(from, to), max(from, to)
		return fall{s, strings.Join(class, " "), fmt.Sprintf("%.2f", min(float64(from-low)*scale, 997)), fmt.Sprintf("%.2f", max(float64(to-from)*scale, 3))}
	}
	list := []fall{bar(w.Total, 0, w.Total.Bytes, "total")}
	at = w.Total.Bytes
	for _, s := range w.Steps {
		var class []string
		if s.Strong {
			class = append(class, "strong")
		}
		if s.Weak {
			class = append(class, "weak")
		}
		if s.Bytes < 0 {
			class = append(class, "minus")
		}
		list = append(list, bar(s, at-s.Bytes, at, class...))
		at -= s.Bytes
	}
	return list
}
