// Package render writes what regprune has found out, planned and done: tables for
// people, and formats that other programs read.
//
// Names come from a registry and a cluster and are hostile: each format escapes
// them by its own rules. What is not known is "?" or said in words, never 0.
package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

// Formats. Not everything has all of them.
const (
	Table    = "table"
	Wide     = "wide"
	JSON     = "json"
	YAML     = "yaml"
	Markdown = "markdown"
	Name     = "name"
	HTML     = "html"
)

// The formats of each kind, in the order of a help text.
var (
	PlanFormats   = []string{Table, Wide, JSON, YAML, Markdown, Name, HTML}
	UsageFormats  = []string{Table, Wide, JSON, YAML, HTML}
	ListFormats   = []string{Table, Wide, JSON, YAML, Name} // of [Registries]
	ResultFormats = []string{Table, JSON, YAML}             // of all others
)

// unknown is the error for a format that is none of formats.
func unknown(format string, formats []string) error {
	return hint.With(fmt.Errorf("unknown output format %q", format), "use one of "+strings.Join(formats, ", "))
}

// machine writes v if format is one for programs.
func machine(w io.Writer, format string, v any) (done bool, err error) {
	switch format {
	case JSON:
		return true, output.JSON(w, v)
	case YAML:
		return true, output.YAML(w, v)
	}
	return false, nil
}

// Why writes the story of one image, in one of [ResultFormats].
func Why(w io.Writer, format string, story *why.Why) error {
	if done, err := machine(w, format, story); done {
		return err
	}
	if format != Table {
		return unknown(format, ResultFormats)
	}
	return story.Text(w)
}
