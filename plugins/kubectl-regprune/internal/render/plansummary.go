package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
)

// summary says which registry it is, what goes, what that frees, what protects the rest, what is not
// known, and what speaks against it: in this order, so that the last lines are those
// that matter most.
func (v *planView) summary() string {
	var b block
	for i, f := range v.figures() {
		b.line(f[0], "%s", f[1])
		if i == 0 && v.old() {
			b.line("Decided", "%s, %s ago", v.Decided, age(v.decided, v.Now))
		}
	}
	for i, rule := range v.Policy {
		b.line("Rules", "%d: %s", i+1, rule)
	}
	for _, text := range v.notKnown() {
		b.line("Not known", "%s", text)
	}
	for _, text := range v.Remarks() {
		b.line("Note", "%s", text)
	}
	for _, g := range v.Guards {
		b.line("Refused", "%s (%s; %s overrules)", g.Text, g.ID, g.Overrule)
	}
	return b.String()
}

// old reports whether much can have changed since the plan was decided.
func (v *planView) old() bool {
	const fresh = 24 * time.Hour
	return !v.Now.IsZero() && !v.decided.IsZero() && v.Now.Sub(v.decided) > fresh
}

// registry says which one it is: its name, what it runs, and where that was found.
func (v *planView) registry() string {
	text := v.Registry.Name
	switch product, version, _ := strings.Cut(v.Registry.Server, "/"); {
	case product == "":
	case version == "" || version == "unknown":
		text += ", " + product + " of an unknown version"
	default:
		text += ", " + product + " " + version
	}
	if v.Registry.Context != "" {
		text += ", context " + v.Registry.Context
	}
	return text
}

// figures are the numbers of the plan, in words, by label.
func (v *planView) figures() [][2]string {
	t := v.Totals
	most := ""
	if !t.Exact {
		most = "at most "
	}
	list := [][2]string{{"Registry", v.registry()}, {"Deletes", v.deletes()}}
	if t.TagsDeleted+t.ManifestsGone > 0 {
		list = append(list, [2]string{"Frees", most + output.Bytes(t.ReclaimBytes) + ", once a garbage collection has run"})
	}
	switch {
	case t.GarbageBytes < 0:
	case t.Exact:
		list = append(list, [2]string{"Garbage", output.Bytes(t.GarbageBytes) + " besides, which a garbage collection frees already now"})
	default:
		list = append(list, [2]string{"Garbage", most + output.Bytes(t.GarbageBytes) + " besides, which a garbage collection frees already now"})
	}
	if t.ManifestsGone > 0 {
		list = append(list, [2]string{"Shared", output.Bytes(t.SharedBytes) + " of what goes stay, as others need them"})
	}
	if kept := v.reasons(true); kept.sum() > 0 {
		list = append(list, [2]string{"Keeps", counted(kept.sum(), "tag", "tags") + ": " + kept.String()})
	}
	if t.UntaggedKept > 0 {
		list = append(list, [2]string{"Untagged", fmt.Sprintf("%s without a tag, and of no use to one, %s (%s%s)",
			counted(t.UntaggedKept, "manifest", "manifests"), stay(t.UntaggedKept), most, output.Bytes(t.UntaggedBytes))})
	}
	if !v.Cluster.Skipped {
		list = append(list, [2]string{"Cluster", v.references()})
	}
	return list
}

func stay(n int) string {
	if n == 1 {
		return "stays"
	}
	return "stay"
}

// references says how much of what clusters name is about this registry.
func (v *planView) references() string {
	found := counted(v.Cluster.References, "image reference", "image references") + " found in " + contexts(v.Cluster.Contexts)
	switch v.Cluster.Matched {
	case 0:
		return found + "; none is an image of this registry"
	case 1:
		return found + "; 1 is an image of this registry"
	}
	return fmt.Sprintf("%s; %d are images of this registry", found, v.Cluster.Matched)
}

func contexts(names []string) string {
	switch len(names) {
	case 0:
		return "the cluster"
	case 1:
		return "the context " + names[0]
	}
	return "the contexts " + some(names)
}

func (v *planView) deletes() string {
	t := v.Totals
	if t.TagsDeleted+t.ManifestsGone == 0 {
		return fmt.Sprintf("nothing of %s and %s", counted(t.Tags, "tag", "tags"), counted(t.Manifests, "manifest", "manifests"))
	}
	return fmt.Sprintf("%d of %s, %d of %s", t.TagsDeleted, counted(t.Tags, "tag", "tags"), t.ManifestsGone, counted(t.Manifests, "manifest", "manifests"))
}

// notKnown is what a reader could take for known.
func (v *planView) notKnown() []string {
	var list []string
	if v.Cluster.Skipped {
		list = append(list, "which images are in use: no cluster was asked")
	}
	if len(v.Cluster.Missing) > 0 {
		list = append(list, "images that these name, which could not be read: "+strings.Join(v.Cluster.Missing, ", "))
	}
	if v.holes > 0 {
		list = append(list, fmt.Sprintf("the untagged manifests of %d of %s: they may need some of the bytes", v.holes, counted(len(v.rows), "repository", "repositories")))
	}
	if v.Totals.GarbageBytes < 0 {
		list = append(list, "how much is garbage already: the storage was not listed")
	}
	if !v.Totals.Exact && v.holes == 0 {
		list = append(list, "the size or the content of something")
	}
	return list
}
