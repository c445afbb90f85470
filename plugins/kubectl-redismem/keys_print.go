package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keys"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
)

// formatName is a format of keys alone: names, one a line.
const formatName = "name"

var keysFormats = []string{render.Table, render.CSV, render.JSON, render.YAML, formatName}

func (o *options) printKeys(l *keys.List, format string) error {
	switch format {
	case render.JSON:
		return output.JSON(o.io.Out, l)
	case render.YAML:
		return output.YAML(o.io.Out, l)
	case render.CSV:
		return keysCSV(o.io.Out, l, o.noHeaders)
	case formatName:
		var b strings.Builder
		for _, k := range l.Keys {
			b.WriteString(cliQuote(k.Raw()) + "\n")
		}
		_, err := io.WriteString(o.io.Out, b.String())
		return err
	}
	return keysTable(o.io.Out, l, o.io.Width(), o.noHeaders)
}

// cliQuote writes a name as redis-cli reads it on its standard input, and on its
// command line with --quoted-input.
func cliQuote(name string) string {
	b := []byte{'"'}
	for i := range len(name) {
		switch c := name[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

func keysTable(w io.Writer, l *keys.List, width int, noHeaders bool) error {
	t := output.Table{NoHeaders: noHeaders, Columns: []output.Column{
		{Header: "KEY", Shrink: true, Middle: true}, {Header: "SIZE", Right: true}, {Header: "TYPE"}, {Header: "ENCODING", Drop: 3},
		{Header: "ELEMENTS", Right: true}, {Header: "TTL", Right: true}, {Header: "IDLE", Right: true, Drop: 4},
		{Header: "DB", Right: true, Drop: 2}, {Header: "SERVER", Drop: 1},
	}}
	for _, k := range l.Keys {
		t.Rows = append(t.Rows, []string{shownName(k.Name), output.Bytes(k.Bytes), known(k.Type), known(k.Encoding),
			count(k.Elements), ttl(k.TTL), span(k.Idle), strconv.Itoa(k.DB), streams.SanitizeLine(k.Server)})
	}
	return t.Write(w, width)
}

// shownName tells the key with the empty name from a blank.
func shownName(name string) string {
	if name == "" {
		return `""`
	}
	return name
}

// known is what the server said, or a mark that it did not.
func known(text string) string {
	if text == "" {
		return "?"
	}
	return streams.SanitizeLine(text)
}

func count(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func ttl(seconds int64) string {
	if seconds == -1 {
		return "none"
	}
	return span(seconds)
}

// span shortens seconds for people to its largest unit, rounded down.
func span(seconds int64) string {
	const day = 24 * time.Hour
	d := time.Duration(min(max(seconds, 0), int64(36500*day/time.Second))) * time.Second
	switch {
	case seconds < 0:
		return "?"
	case d >= day:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", seconds)
}

func keysCSV(out io.Writer, l *keys.List, noHeaders bool) error {
	w := csv.NewWriter(out)
	if !noHeaders {
		_ = w.Write([]string{"key", "bytes", "type", "encoding", "elements", "ttlSeconds", "idleSeconds", "db", "server"}) // the writer keeps the error
	}
	for _, k := range l.Keys {
		_ = w.Write([]string{formula(k.Name), strconv.FormatInt(k.Bytes, 10), k.Type, k.Encoding, strconv.FormatInt(k.Elements, 10),
			strconv.FormatInt(k.TTL, 10), strconv.FormatInt(k.Idle, 10), strconv.Itoa(k.DB), streams.SanitizeLine(k.Server)})
	}
	w.Flush()
	return w.Error()
}

// formula keeps spreadsheets from taking a name for one. What begins with the
// quote itself gets one more, so that taking off one gives the name back.
func formula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
