package report

import (
	"fmt"
	"strconv"
)

// jsonLines writes one object a line.
type jsonLines struct{ w writer }

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
	w    writer
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
		j.w.put(",")
	}
	return object(j.w, fields, "\n    {\n      ", ",\n      ", ": ", "\n    }")
}

func (j *jsonDocument) end() error {
	if j.rows > 0 {
		j.w.put("\n  ")
	}
	j.w.put("]\n}\n")
	return nil
}

// object writes fields with what comes before, between and after them. It is
// complete also if a text could not be read.
func object(w writer, fields []field, before, between, colon, after string) error {
	var first error
	for i, f := range fields {
		if i == 0 {
			w.put(before)
		} else {
			w.put(between)
		}
		w.put(`"` + f.name + `"` + colon)
		if err := value(w, f.value); err != nil && first == nil {
			first = err
		}
	}
	w.put(after)
	return first
}

// value writes what JSON and YAML have in common.
func value(w writer, v any) error {
	switch v := v.(type) {
	case nil:
		w.put("null")
	case string:
		quote(w, v)
	case bool:
		w.put(strconv.FormatBool(v))
	case int:
		w.put(strconv.Itoa(v))
	case float64:
		w.put(strconv.FormatFloat(v, 'f', -1, 64))
	case *text:
		return v.quote(w)
	}
	return nil
}
