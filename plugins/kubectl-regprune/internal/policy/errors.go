package policy

import (
	"fmt"
	"strings"
)

// FieldError says which part of a policy is wrong.
type FieldError struct {
	Entry int    // from 1; 0 in flags
	Line  int    // of the file; 0 if unknown
	Field string // as in files: keepNumber; "" if it is the entry as a whole
	Value string // as given; "" if it is about no value
	Err   error
}

func (e *FieldError) Error() string {
	var where []string
	switch {
	case e.Entry > 0 && e.Line > 0:
		where = append(where, fmt.Sprintf("entry %d (line %d)", e.Entry, e.Line))
	case e.Entry > 0:
		where = append(where, fmt.Sprintf("entry %d", e.Entry))
	}
	field := e.Field
	if e.Entry == 0 && field != "" {
		field = flagFor(field)
	}
	if e.Value != "" {
		field = strings.TrimSpace(fmt.Sprintf("%s %q", field, e.Value))
	}
	if field != "" {
		where = append(where, field)
	}
	return strings.Join(append(where, e.Err.Error()), ": ")
}

func (e *FieldError) Unwrap() error { return e.Err }

// flagFor is the flag for a field: --keep-number for keepNumber.
func flagFor(field string) string {
	switch field {
	case "repositories":
		return "--repo"
	case "exclude":
		return "--exclude-repo"
	}
	var b strings.Builder
	b.WriteString("--")
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
