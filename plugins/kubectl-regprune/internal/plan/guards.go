package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// The guards.
const (
	GuardMaxDelete = "max-delete"
	GuardEmpty     = "empty-repository"
	GuardNoUse     = "no-references"
)

// Check returns why a plan should not be applied without a second thought.
func Check(p *Plan, l Limits) []Guard {
	var out []Guard
	if g := tooMuch(p, l); g != nil {
		out = append(out, *g)
	}
	if emptied := emptied(p); len(emptied) > 0 && !l.AllowEmpty {
		out = append(out, Guard{
			ID: GuardEmpty, Overrule: "--allow-empty",
			Text: fmt.Sprintf("%s would have no tags left: %s", plural(len(emptied), "repository", "repositories"), some(emptied)),
		})
	}
	if !p.Cluster.Skipped && p.Cluster.Matched == 0 && !l.AllowNoUse && p.Totals.TagsDeleted+p.Totals.ManifestsGone > 0 {
		out = append(out, Guard{
			ID: GuardNoUse, Overrule: "--allow-no-references",
			Text: fmt.Sprintf("none of the %d images that the cluster names is of this registry, so its names there may be others than was thought", p.Cluster.References),
		})
	}
	return out
}

// tooMuch compares what goes with the limits.
func tooMuch(p *Plan, l Limits) *Guard {
	c := count(p)
	all, gone, what := c.tags, c.tagsGone, "tags"
	if c.untaggedGone > 0 {
		all, gone, what = all+c.untagged, gone+c.untaggedGone, "tags and untagged manifests"
	}
	switch {
	case l.MaxCount >= 0 && gone > l.MaxCount:
		return &Guard{
			ID: GuardMaxDelete, Overrule: "--max-delete " + strconv.Itoa(gone),
			Text: fmt.Sprintf("%d %s would go, more than the %d allowed", gone, what, l.MaxCount),
		}
	case l.MaxCount < 0 && l.exceeded(gone, all):
		share := (100*gone + all - 1) / all
		return &Guard{
			ID: GuardMaxDelete, Overrule: fmt.Sprintf("--max-delete %d%%", share),
			Text: fmt.Sprintf("%d of %d %s would go (%d%%), more than the %.4g%% allowed", gone, all, what, share, 100*l.MaxShare),
		}
	}
	return nil
}

// emptied are the repositories that lose their last tag.
func emptied(p *Plan) []string {
	var names []string
	for _, r := range p.Repos {
		left := 0
		for _, t := range r.Tags {
			if t.Action == Keep && t.Reason != Ghost {
				left++
			}
		}
		if gone := len(r.Tags) > 0 && left == 0; gone && goes(r) {
			names = append(names, r.Name)
		}
	}
	return names
}

func goes(r Repository) bool {
	for _, t := range r.Tags {
		if t.Action != Keep {
			return true
		}
	}
	return false
}

// notes are what a reader should know before believing the figures.
func notes(p *Plan, g *graph.Registry) []string {
	var out []string
	if p.Totals.Ghosts > 0 {
		out = append(out, fmt.Sprintf("%s listed without a manifest, and cannot be pulled", plural(p.Totals.Ghosts, "tag is", "tags are")))
	}
	unreadable := 0
	for _, r := range g.Repositories {
		if r.Failed != "" {
			out = append(out, r.Name+" is left alone: "+r.Failed)
		}
	}
	for _, r := range p.Repos {
		for _, m := range r.Manifests {
			if m.Reason == Unreadable {
				unreadable++
			}
		}
	}
	if unreadable > 0 {
		out = append(out, fmt.Sprintf("%s cannot be read, and stay", plural(unreadable, "manifest", "manifests")))
	}
	for _, r := range g.Repositories {
		for _, problem := range r.Problems {
			out = append(out, r.Name+": "+problem)
		}
	}
	return out
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// some lists the first few of names.
func some(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
