package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// images are the manifests with names of their own, apart from those that belong to
// others.
func (d *decider) images() (whole, parts []policy.Image) {
	belongs := d.parts()
	for _, digest := range slices.Sorted(maps.Keys(d.tagged)) {
		var names []string
		for _, name := range d.tagged[digest] {
			if graph.AttachedTo(name) == "" {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			continue
		}
		image := policy.Image{Digest: digest, Tags: names, Pushed: d.pushed(digest), Created: d.created(digest)}
		if belongs[digest] {
			parts = append(parts, image)
		} else {
			whole = append(whole, image)
		}
	}
	return whole, parts
}

func (d *decider) created(digest string) time.Time {
	if m := d.in.Graph.Manifests[digest]; m != nil {
		return m.Created
	}
	return time.Time{}
}

// pushed is when the last of a digest's tags was pushed, as an image is as young as
// its youngest name.
func (d *decider) pushed(digest string) time.Time {
	at := d.repo.Pushed[digest]
	for _, name := range d.tagged[digest] {
		if t := d.byName[name]; t.Pushed.After(at) {
			at = t.Pushed
		}
	}
	return at
}

// parts are the digests that belong to another manifest of the repository: children
// of indexes, and what has a subject there.
func (d *decider) parts() map[string]bool {
	linked := map[string]bool{}
	for _, digest := range d.repo.Linked {
		linked[digest] = true
	}
	parts := map[string]bool{}
	for _, digest := range d.repo.Linked {
		m := d.in.Graph.Manifests[digest]
		if m == nil {
			continue
		}
		for _, child := range m.Children {
			parts[child] = true
		}
		if m.Subject != "" && linked[m.Subject] {
			parts[digest] = true
		}
	}
	return parts
}

// keepAttachments asks about names of attachments, such as sha256-….sig, what rules keep:
// otherwise they go with what they belong to. Without dates, only rules for names can
// say so.
func (d *decider) keepAttachments(kept map[string]bool) {
	var images []policy.Image
	needed := d.in.Graph.Closure(d.repo, slices.Sorted(maps.Keys(d.reasons)))
	for _, digest := range slices.Sorted(maps.Keys(d.tagged)) {
		if _, stays := needed[digest]; stays {
			continue
		}
		for _, name := range d.tagged[digest] {
			if graph.AttachedTo(name) != "" {
				images = append(images, policy.Image{Digest: digest, Tags: []string{name}})
				kept[digest] = true
			}
		}
	}
	decisions := d.entry.Evaluate(images, kept, d.in.Now)
	maps.DeleteFunc(decisions, func(_ string, decision policy.Decision) bool { return decision.Verdict != policy.Kept })
	d.ruleAll(decisions)
}
