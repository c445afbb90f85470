package htmlview

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

func fact(label, value, note string) htmlreport.Fact {
	return htmlreport.Fact{Label: label, Value: value, Note: note}
}

func usageFacts(u *usage.Usage) []htmlreport.Fact {
	t := u.Totals
	list := []htmlreport.Fact{stored(t), fact("Needed by manifests", bytes(t.LinkedBytes), unknownSizes(t.UnknownSizes)), garbage(t.GarbageBytes, t.Exact),
		fact("Shared by repositories", bytes(t.SharedBytes), ""), fact("Repositories", number(t.Repositories), ""), fact("Tags", number(t.Tags), ""),
		fact("Images", number(t.Images), "")}
	untagged := 0
	for _, r := range u.Repositories {
		untagged += r.Untagged.Manifests
	}
	note := ""
	if t.Incomplete > 0 {
		note = "that are known"
	}
	return append(list, fact("Untagged manifests", number(untagged), note))
}

func unknownSizes(n int) string {
	if n == 0 {
		return ""
	}
	return "without " + counted(n, "blob whose size is not known", "blobs whose sizes are not known")
}

func stored(t usage.Totals) htmlreport.Fact {
	if t.StoredBytes < 0 {
		return fact("Stored", "not known", "the storage was not listed")
	}
	return fact("Stored", bytes(t.StoredBytes), "")
}

func garbage(n int64, exact bool) htmlreport.Fact {
	if n < 0 {
		return fact("Garbage", "not known", "the storage was not listed")
	}
	return fact("Garbage now", most(!exact && n > 0)+bytes(n), "freed without any deletion")
}

func planLead(p *plan.Plan) string {
	t := p.Totals
	if t.TagsDeleted+t.ManifestsGone == 0 {
		return fmt.Sprintf("Nothing is to be deleted: all %s stay.", counted(t.Tags, "tag", "tags"))
	}
	return fmt.Sprintf("%d of %s and %d of %s would go, and free %s.", t.TagsDeleted, counted(t.Tags, "tag", "tags"),
		t.ManifestsGone, counted(t.Manifests, "manifest", "manifests"), most(!t.Exact)+bytes(t.ReclaimBytes))
}

func planFacts(p *plan.Plan, u *usage.Usage) []htmlreport.Fact {
	t := p.Totals
	list := []htmlreport.Fact{}
	if u != nil {
		list = append(list, stored(u.Totals))
	}
	inUse := 0
	for _, r := range p.Repos {
		for _, tag := range r.Tags {
			switch tag.Reason {
			case plan.InUse, plan.Rollback, plan.HelmHistory, plan.Mentioned:
				inUse++
			}
		}
	}
	used := fact("Tags in use", number(inUse), fmt.Sprintf("%s found, %s of this registry", counted(p.Cluster.References, "image reference", "image references"), number(p.Cluster.Matched)))
	if p.Cluster.Skipped {
		used = fact("Tags in use", "not known", "no cluster was asked")
	}
	return append(list, garbage(t.GarbageBytes, t.Exact), fact("This plan frees", most(!t.Exact)+bytes(t.ReclaimBytes), "after a garbage collection"),
		fact("Shared with others", bytes(t.SharedBytes), "of what goes, and stays"), fact("Tags that go", number(t.TagsDeleted), "of "+number(t.Tags)),
		fact("Manifests that go", number(t.ManifestsGone), "of "+number(t.Manifests)), used)
}

func banners(notKnown, said []string) (list []htmlreport.Banner) {
	if len(notKnown) > 0 {
		list = append(list, htmlreport.Banner{Level: htmlreport.Look, Title: "Not known:", Text: strings.Join(notKnown, "; ") + "."})
	}
	if len(said) > 0 {
		list = append(list, htmlreport.Banner{Level: htmlreport.Say, Title: "Note:", Text: strings.Join(said, "; ") + "."})
	}
	return list
}

func planBanners(p *plan.Plan, u *usage.Usage) []htmlreport.Banner {
	var list []htmlreport.Banner
	for _, g := range p.Guards {
		list = append(list, htmlreport.Banner{Level: htmlreport.Act, Title: "Refused:", Text: fmt.Sprintf("%s (%s overrules).", g.Text, g.Overrule)})
	}
	var unknown []string
	if p.Cluster.Skipped {
		unknown = append(unknown, "which images are in use, as no cluster was asked")
	}
	if len(p.Cluster.Missing) > 0 {
		unknown = append(unknown, "images that these name, which could not be read: "+strings.Join(p.Cluster.Missing, ", "))
	}
	switch {
	case u != nil:
		unknown = append(unknown, u.NotKnown()...)
	default:
		holes := 0
		for _, r := range p.Repos {
			if !r.Complete {
				holes++
			}
		}
		if holes > 0 {
			unknown = append(unknown, fmt.Sprintf("the untagged manifests of %d of %s", holes, counted(len(p.Repos), "repository", "repositories")))
		}
	}
	return append(list, banners(unknown, p.Remarks())...)
}

// bound says before a text that a step can be smaller.
func bound(exact bool, text string) string {
	if exact {
		return text
	}
	return "at most this: " + text
}

// waterfall leads from what is stored to what is left.
func waterfall(t plan.Totals, u *usage.Usage) *htmlreport.Waterfall {
	if u == nil {
		return nil
	}
	w := &htmlreport.Waterfall{Title: "From what is stored to what is left", Note: "Both steps need a garbage collection, with the registry read-only or stopped."}
	freed := htmlreport.Step{Label: "This plan", Bytes: u.Totals.Freed, Source: bound(t.Exact, "beyond what is garbage now"), Strong: true}
	if u.Totals.StoredBytes < 0 {
		w.Total = htmlreport.Step{Label: "Needed now", Bytes: u.Totals.LinkedBytes, Source: "by the manifests that are known"}
		w.Steps = []htmlreport.Step{freed}
		w.Notes = []string{"How much is stored is not known, and how much of it is garbage neither."}
	} else {
		w.Total = htmlreport.Step{Label: "Stored now", Bytes: u.Totals.StoredBytes, Source: "all blob files of the storage"}
		w.Steps = []htmlreport.Step{{Label: "Garbage", Bytes: u.Totals.GarbageBytes, Source: bound(t.Exact, "no manifest that is known needs it")}, freed}
	}
	left := w.Total.Bytes
	for _, s := range w.Steps {
		left -= s.Bytes
	}
	w.Steps = append(w.Steps, htmlreport.Step{Label: "Left", Bytes: left, Source: "what stays needs it"})
	if !t.Exact {
		w.Notes = append(w.Notes, "More is left if what is not known needs it.")
	}
	return w
}
