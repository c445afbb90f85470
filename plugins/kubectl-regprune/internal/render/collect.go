package render

import (
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

type finding struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// collected is a report for programs. Sizes are bytes.
type collected struct {
	kind
	Run           string    `json:"run"`
	Nothing       bool      `json:"nothing"` // there was no garbage, and nothing was restarted
	DryRun        bool      `json:"dryRun"`  // nothing was changed
	Freed         int64     `json:"freedBytes"`
	Expected      int64     `json:"expectedBytes"`             // that the dry run promised
	FreeBefore    *int64    `json:"freeBytesBefore,omitempty"` // of the file system, if known
	FreeAfter     *int64    `json:"freeBytesAfter,omitempty"`
	Swept         []string  `json:"swept"`
	Garbage       []string  `json:"garbage,omitempty"` // that a dry run found
	Links         int       `json:"links"`
	NotListed     []string  `json:"notListed"` // were to go although no file of them was found
	ReadOnlyNanos int64     `json:"readOnlyNs"`
	Probed        int       `json:"probed"`
	Stale         []string  `json:"stale"` // swept, but the server still claims to have them
	Findings      []finding `json:"findings"`
}

// known is nil for what is not.
func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

func collectedBy(r *collect.Report) *collected {
	v := collected{kind{apiVersion, "CollectResult"}, r.Run, r.Nothing, r.Preview, r.Freed, r.Expected, known(r.FreeBytes[0]), known(r.FreeBytes[1]),
		append([]string{}, r.Swept...), r.Garbage, r.Links, append([]string{}, r.Unknown...), r.Quiesced.Nanoseconds(), r.Probed, append([]string{}, r.Stale...), []finding{}}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, finding{f.ID, clean(f.Text)})
	}
	return &v
}

// Collect writes how a garbage collection went, in one of [ResultFormats].
func Collect(w io.Writer, format string, r *collect.Report, o ResultOptions) error {
	v := collectedBy(r)
	return result(w, format, v, func(p *page) {
		b := &block{}
		for _, f := range v.Findings {
			b.line("Note", "%s (%s)", f.Text, f.ID)
		}
		if r.Nothing {
			b.line("Result", "there is no garbage; nothing was restarted")
			p.lines(b)
			return
		}
		if r.Preview {
			b.line("Would free", "%s in %s that nothing needs", output.Bytes(r.Expected), counted(len(r.Garbage), "blob", "blobs"))
			b.line("Note", "pushes go on meanwhile: what is being uploaded now is among these, and a collection decides anew")
			b.line("Result", "nothing was changed: --dry-run")
			p.lines(b)
			return
		}
		if len(r.Swept) > 0 || r.Links > 0 {
			b.line("Freed", "%s in %s", output.Bytes(r.Freed), counted(len(r.Swept), "blob", "blobs"))
			if r.Freed != r.Expected {
				b.line("Freed", "%s were expected", output.Bytes(r.Expected))
			}
		}
		if r.FreeBytes[0] >= 0 && r.FreeBytes[1] >= 0 {
			b.line("Free", "%s of the file system, %s before", output.Bytes(r.FreeBytes[1]), output.Bytes(r.FreeBytes[0]))
		}
		if r.Quiesced > 0 {
			b.line("Read-only", "for %s", r.Quiesced.Round(time.Second))
		}
		if len(r.Unknown) > 0 {
			b.line("Not known", "the files of %s that were to go: %s", counted(len(r.Unknown), "blob", "blobs"), some(shorts(r.Unknown)))
		}
		switch {
		case len(r.Stale) > 0:
			b.line("Result", "the server still claims to have %d of %s that are gone: %s", len(r.Stale), counted(r.Probed, "blob", "blobs"), some(shorts(r.Stale)))
			b.line("Result", "restart it, or empty its cache, before anybody pushes")
		case r.Probed > 0:
			b.line("Result", "collected; %d of %s really gone", r.Probed, counted(r.Probed, "blob asked for is", "blobs asked for are"))
		}
		p.lines(b)
	})
}
