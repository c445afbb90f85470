package render

import (
	"io"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

type fault struct {
	verify.Fault
	Error string `json:"error,omitempty"`
}

type broken struct {
	verify.Broken
	Faults []fault `json:"faults"`
}

type verified struct {
	kind
	Intact bool `json:"intact"` // all was looked at, and nothing is wrong
	*verify.Result
	Broken []broken `json:"broken"`
}

func verifiedBy(r *verify.Result) *verified {
	v := verified{kind{apiVersion, "VerifyResult"}, r.Intact(), r, []broken{}}
	for _, b := range r.Broken {
		one := broken{b, []fault{}}
		for _, f := range b.Faults {
			one.Faults = append(one.Faults, fault{f, said(f.Err)})
		}
		v.Broken = append(v.Broken, one)
	}
	return &v
}

// Verify writes what can be pulled, in one of [ResultFormats]. Tables list what cannot.
func Verify(w io.Writer, format string, r *verify.Result, o ResultOptions) error {
	v := verifiedBy(r)
	return result(w, format, v, func(p *page) {
		t := &output.Table{Columns: []output.Column{{Header: "IMAGE"}, {Header: "STATE"}, {Header: "PROBLEM"}}}
		for _, b := range v.Broken {
			t.Rows = append(t.Rows, []string{image(b.Repo, b.Tag, b.Digest), state(b.Broken), problems(b.Faults)})
		}
		for _, u := range v.Unread {
			t.Rows = append(t.Rows, []string{clean(u.Repo), "unknown", clean(u.Why)})
		}
		p.table(t, ResultOptions{NoHeaders: o.NoHeaders})
		p.lines(verifySummary(r))
	})
}

func state(b verify.Broken) string {
	switch {
	case b.Unknown:
		return "unknown"
	case b.Before:
		return "broken before"
	}
	return "broken"
}

// problems names the first few of an image's faults.
func problems(faults []fault) string {
	var list []string
	for _, f := range faults {
		list = append(list, join(strings.Join(strings.Fields(f.What+" "+clean(why.Short(f.Digest))+" "+f.Fault.Fault), " "), f.cause()))
	}
	return some(list)
}

// cause is the error without what it was about, which stands before it already.
func (f fault) cause() string {
	if f.Digest == "" {
		return f.Error
	}
	text := f.Error
	if _, after, found := strings.Cut(text, f.Digest+`": `); found {
		text = after
	}
	return strings.ReplaceAll(text, f.Digest, why.Short(f.Digest))
}

// remedies are what can be done about the faults, each once.
func remedies(list []verify.Broken) (texts []string) {
	for _, b := range list {
		for _, f := range b.Faults {
			if text := hint.Of(f.Err); text != "" && !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

func verifySummary(r *verify.Result) *block {
	b := &block{}
	unknown, before := 0, 0
	for _, one := range r.Broken {
		switch {
		case one.Unknown:
			unknown++
		case one.Before:
			before++
		}
	}
	b.line("Looked at", "%s, %s, %s", counted(r.Tags, "tag", "tags"), counted(r.Manifests, "manifest", "manifests"), counted(r.Blobs, "blob", "blobs"))
	if damaged := len(r.Broken) - unknown - before; damaged > 0 {
		b.line("Result", "%s cannot be pulled as a whole", counted(damaged, "image", "images"))
	}
	if before > 0 {
		b.line("Result", "%s could not be pulled before, either", counted(before, "image", "images"))
	}
	if unknown > 0 {
		b.line("Result", "%s could not be asked about: nothing is known to be wrong with %s", counted(unknown, "image", "images"), them(unknown))
	}
	if n := len(r.Unread); n > 0 {
		b.line("Result", "%s could not be read as a whole: %s may have more than was looked at", counted(n, "repository", "repositories"), they(n))
	}
	for _, text := range remedies(r.Broken) {
		b.line("Hint", "%s", text)
	}
	if r.Intact() {
		b.line("Result", "the registry has all that these need")
	}
	return b
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func they(n int) string {
	if n == 1 {
		return "it"
	}
	return "they"
}
