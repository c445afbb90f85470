package report

import (
	"bufio"
	"fmt"
	"strconv"
)

// jsonLines writes one object a line.
type jsonLines struct{ w *bufio.Writer }

func (jsonLines) begin()     {}
func (jsonLines) end() error { return nil }

func (j jsonLines) row(r row) error {
	fields, err := r.document()
	if err != nil {
		return err
	}
	return object(j.w, fields, "{", ",", ":", "}\n")
}

// jsonDocument writes one indented document.
type jsonDocument struct {
	w    *bufio.Writer
	rows int
}

func (j *jsonDocument) begin() {
	fmt.Fprintf(j.w, "{\n  \"apiVersion\": %q,\n  \"kind\": %q,\n  \"results\": [", APIVersion, Kind)
}

func (j *jsonDocument) row(r row) error {
	fields, err := r.document()
	if err != nil {
		return err
	}
	if j.rows++; j.rows > 1 {
		j.w.WriteByte(',')
	}
	return object(j.w, fields, "\n    {\n      ", ",\n      ", ": ", "\n    }")
}

func (j *jsonDocument) end() error {
	if j.rows > 0 {
		j.w.WriteString("\n  ")
	}
	j.w.WriteString("]\n}\n")
	return nil
}

// object writes fields with what comes before, between and after them. It is
// complete also if a text could not be read.
func object(w *bufio.Writer, fields []field, before, between, colon, after string) error {
	var first error
	for i, f := range fields {
		if i == 0 {
			w.WriteString(before)
		} else {
			w.WriteString(between)
		}
		w.WriteString(`"` + f.name + `"` + colon)
		if err := value(w, f.value); err != nil && first == nil {
			first = err
		}
	}
	w.WriteString(after)
	return first
}

// value writes what JSON and YAML have in common.
func value(w *bufio.Writer, v any) error {
	switch v := v.(type) {
	case nil:
		w.WriteString("null")
	case string:
		quote(w, v)
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case int:
		w.WriteString(strconv.Itoa(v))
	case float64:
		w.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case *text:
		return v.quote(w)
	}
	return nil
}
