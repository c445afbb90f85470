// Package output writes results: machine formats for programs, tables for
// people. It writes data only; summaries and progress are not its business.
//
// A machine format is a versioned kind: its first two fields are apiVersion
// ("<plugin>.kubectl-suite.dev/v1alpha1") and kind, numbers are integers in base
// units (bytes, not "1.2 MiB"), and a field is never dropped because it is zero
// unless its absence means "not known".
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// JSON writes v as indented JSON and a newline. Characters that matter only to
// HTML (<, >, &) are left as they are.
func JSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encoding json: %w", err)
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// YAML writes v as YAML, with the field names of its JSON form.
func YAML(w io.Writer, v any) error {
	text, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding yaml: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// Bytes shortens a size for people, in powers of 1024: 0 B, 1023 B, 1.5 KiB,
// 20 MiB. Machine formats carry the integer instead.
func Bytes(n int64) string {
	const step = 1024
	if n < step && n > -step {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for (f >= step-0.5 || f <= -step+0.5) && i < len(units)-1 {
		f /= step
		i++
	}
	if f < 9.95 && f > -9.95 {
		return fmt.Sprintf("%.1f %s", f, units[i])
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}
