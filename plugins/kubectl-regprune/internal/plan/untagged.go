package plan

import (
	"maps"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// fromAttachment looks after what has no tag of its own, or one that only says what
// it belongs to. Untagged manifests stay unless they belong to something that goes,
// or the policy wants them gone.
func (d *decider) fromAttachment() {
	var loose []string // digests whose tags may all go
	for digest := range d.tagged {
		if !d.reasons[digest].stays && d.named(digest) {
			loose = append(loose, digest)
		}
	}
	slices.Sort(loose)
	d.descends = d.in.Graph.Closure(d.repo, loose)
	needed := d.in.Graph.Closure(d.repo, slices.Sorted(maps.Keys(d.reasons)))
	lone := map[string]bool{} // needed by nobody, and belonging to nothing that goes
	for _, digest := range d.repo.Linked {
		_, stays := needed[digest]
		_, belongs := d.descends[digest]
		lone[digest] = !stays && !belongs && !d.named(digest)
	}
	if d.entry == nil || !d.entry.Untags() {
		d.spare(lone)
		return
	}
	for _, digest := range d.repo.Linked {
		if !lone[digest] {
			continue
		}
		if v := d.entry.Untagged(d.pushed(digest), d.created(digest), d.in.Now); v.Verdict != policy.NotKept {
			d.keep(digest, verdict{true, Reason(v.Verdict), v.Rule, nil})
		}
	}
}

// spare keeps lone manifests: those that no other of them has, and with them the rest.
// What only a circle of attachments holds together is kept one by one.
func (d *decider) spare(lone map[string]bool) {
	above := d.in.Graph.Dependents(d.repo)
	var tops []string
	for _, digest := range d.repo.Linked {
		if lone[digest] && !slices.ContainsFunc(above[digest], func(a string) bool { return a != digest && lone[a] }) {
			tops = append(tops, digest)
		}
	}
	reached := d.in.Graph.Closure(d.repo, tops)
	for _, digest := range d.repo.Linked {
		if _, ok := reached[digest]; lone[digest] && !ok {
			tops = append(tops, digest)
		}
	}
	for _, digest := range tops {
		d.keep(digest, verdict{stays: true, reason: UntaggedKept})
	}
}
