package report

import (
	"bytes"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// yamlDocument writes one document. Output of several lines that are fit to be
// read is a block, any other is quoted.
type yamlDocument struct {
	w    writer
	rows int
}

func (y *yamlDocument) begin() {
	fmt.Fprintf(y.w, "apiVersion: %s\nkind: %s\nresults:", APIVersion, Kind)
}

func (y *yamlDocument) row(r row) error {
	fields, err := r.document()
	if err != nil {
		return err
	}
	if y.rows++; y.rows == 1 {
		y.w.put("\n")
	}
	var first error
	for i, f := range fields {
		if i == 0 {
			y.w.put("- ")
		} else {
			y.w.put("  ")
		}
		y.w.put(f.name + ": ")
		if err := y.value(f.value); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (y *yamlDocument) end() error {
	if y.rows == 0 {
		y.w.put(" []\n")
	}
	return nil
}

func (y *yamlDocument) value(v any) error {
	switch v := v.(type) {
	case string:
		y.scalar(v)
		return nil
	case *text:
		if v.valid && v.printable && v.newlines > 0 && v.trailing < v.size {
			return y.block(v)
		}
	}
	err := value(y.w, v)
	y.w.put("\n")
	return err
}

// scalar leaves the question whether s needs quotes to the library.
func (y *yamlDocument) scalar(s string) {
	plain, err := yaml.Marshal(s)
	if err != nil || strings.ContainsAny(s, "\n\r") || bytes.Count(plain, []byte("\n")) != 1 {
		quote(y.w, s)
		y.w.put("\n")
		return
	}
	y.w.raw(plain)
}

// block writes the lines of t below a "|", four blanks further in. Where the first
// line does not tell how far it is indented, the "|" does.
func (y *yamlDocument) block(t *text) error {
	y.w.put("|")
	if strings.IndexByte(" \t\n", t.first) >= 0 {
		y.w.put("2")
	}
	switch t.trailing {
	case 0:
		y.w.put("-")
	case 1:
	default:
		y.w.put("+")
	}
	y.w.put("\n")
	fresh := true // at the beginning of a line
	err := eachWhole(t.reader(), func(p []byte) error {
		for line := range bytes.Lines(p) {
			if fresh && line[0] != '\n' {
				y.w.put("    ")
			}
			y.w.raw(line)
			fresh = line[len(line)-1] == '\n'
		}
		return nil
	}, nothing)
	if !fresh {
		y.w.put("\n")
	}
	if err != nil {
		return fmt.Errorf("reading back output: %w", err)
	}
	return nil
}
