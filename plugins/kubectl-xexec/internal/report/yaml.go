package report

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// yamlDocument writes one document. Output of several lines that are fit to be
// read is a block, any other is quoted.
type yamlDocument struct {
	w    *bufio.Writer
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
		y.w.WriteByte('\n')
	}
	var first error
	for i, f := range fields {
		if i == 0 {
			y.w.WriteString("- ")
		} else {
			y.w.WriteString("  ")
		}
		y.w.WriteString(f.name + ": ")
		if err := y.value(f.value); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (y *yamlDocument) end() error {
	if y.rows == 0 {
		y.w.WriteString(" []\n")
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
	y.w.WriteByte('\n')
	return err
}

// scalar leaves the question whether s needs quotes to the library.
func (y *yamlDocument) scalar(s string) {
	plain, err := yaml.Marshal(s)
	if err != nil || strings.ContainsAny(s, "\n\r") || bytes.Count(plain, []byte("\n")) != 1 {
		quote(y.w, s)
		y.w.WriteByte('\n')
		return
	}
	y.w.Write(plain)
}

// block writes the lines of t below a "|", four blanks further in. Where the first
// line does not tell how far it is indented, the "|" does.
func (y *yamlDocument) block(t *text) error {
	y.w.WriteByte('|')
	if strings.IndexByte(" \t\n", t.first) >= 0 {
		y.w.WriteByte('2')
	}
	switch t.trailing {
	case 0:
		y.w.WriteByte('-')
	case 1:
	default:
		y.w.WriteByte('+')
	}
	y.w.WriteByte('\n')
	fresh := true // at the beginning of a line
	err := eachWhole(t.reader(), func(p []byte) error {
		for line := range bytes.Lines(p) {
			if fresh && line[0] != '\n' {
				y.w.WriteString("    ")
			}
			y.w.Write(line)
			fresh = line[len(line)-1] == '\n'
		}
		return nil
	}, nothing)
	if !fresh {
		y.w.WriteByte('\n')
	}
	if err != nil {
		return fmt.Errorf("reading back output: %w", err)
	}
	return nil
}
