package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

const apiVersion = "regprune.kubectl-suite.dev/v1alpha1"

// ResultOptions say how results are shown. The zero value has no limits.
type ResultOptions struct {
	Width     int // terminal columns of a line; 0 means no limit
	NoHeaders bool
	Now       time.Time // that ages count to; zero shows times instead
}

// kind begins what programs read.
type kind struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// result writes v for programs, or tables and lines for people.
func result(w io.Writer, format string, v any, people func(*page)) error {
	if done, err := machine(w, format, v); done {
		return err
	}
	if format != Table {
		return unknown(format, ResultFormats)
	}
	p := &page{}
	people(p)
	return p.write(w)
}

// page is tables and lines, with an empty line between them.
type page struct {
	text strings.Builder
	err  error
}

func (p *page) write(w io.Writer) error {
	if p.err != nil {
		return p.err
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

func (p *page) table(t *output.Table, o ResultOptions) {
	if len(t.Rows) == 0 || p.err != nil {
		return
	}
	p.gap()
	t.NoHeaders = o.NoHeaders
	p.err = t.Write(&p.text, o.Width)
}

func (p *page) gap() {
	if p.text.Len() > 0 {
		p.text.WriteString("\n")
	}
}

func (p *page) lines(b *block) {
	if b.Len() > 0 {
		p.gap()
		p.text.WriteString(b.String())
	}
}

// image is REPOSITORY:TAG, or REPOSITORY@DIGEST without a tag.
func image(repository, tag, digest string) string {
	if tag != "" {
		return clean(repository + ":" + tag)
	}
	return clean(repository + "@" + why.Short(digest))
}

// said is an error as one line, "" for none.
func said(err error) string {
	if err == nil {
		return ""
	}
	return clean(err.Error())
}

// join are the parts that say something.
func join(parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ": ")
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%s %s", prefix, text)
}

// shorts are digests cut to what tells them apart.
func shorts(digests []string) (list []string) {
	for _, d := range digests {
		list = append(list, clean(why.Short(d)))
	}
	return list
}
