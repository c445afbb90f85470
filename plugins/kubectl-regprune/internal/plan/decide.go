package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// decider works out one repository. A tag gets a verdict, verdicts make roots, and
// all that roots need stays: what goes is the rest, never the other way round.
type decider struct {
	in    *Input
	repo  *graph.Repository
	entry Entry // of the policy; nil: nothing goes

	byName   map[string]*graph.Tag
	tagged   map[string][]string   // tags by digest
	tags     map[string]verdict    // by tag
	reasons  map[string]verdict    // why roots stay, by digest
	nameless map[string]bool       // roots that stay only as untagged manifests do
	descends map[string]graph.Link // what belongs to images whose tags may all go
	kept     map[string]graph.Link // what stays, and how it was reached
	going    map[string]bool       // what goes
	spared   map[string]bool       // what would go, too, if untagged manifests were to
}

// verdict is why a tag or a digest stays or goes.
type verdict struct {
	stays  bool
	reason Reason
	rule   int
	sites  []roots.Site
}

func newDecider(in *Input, r *graph.Repository) *decider {
	d := &decider{
		in: in, repo: r, entry: in.Rules.Entry(r.Name), tags: map[string]verdict{}, tagged: map[string][]string{}, reasons: map[string]verdict{},
		nameless: map[string]bool{}, going: map[string]bool{}, spared: map[string]bool{}, byName: make(map[string]*graph.Tag, len(r.Tags)),
	}
	for i := range r.Tags {
		t := &r.Tags[i]
		d.byName[t.Name] = t
		if t.Digest != "" {
			d.tagged[t.Digest] = append(d.tagged[t.Digest], t.Name)
		}
	}
	return d
}

func (d *decider) decide() Repository {
	d.fromUse()
	d.fromRules()
	d.fromElsewhere()
	d.fromAttachment()
	d.keepWhole()
	for _, digest := range d.repo.Linked {
		if _, stays := d.kept[digest]; !stays {
			d.going[digest] = true
		}
	}
	return d.result()
}

// fromUse gives verdicts to what nobody has to ask rules about: what clusters use,
// what asks for protection, and what cannot be read.
func (d *decider) fromUse() {
	for _, digest := range d.repo.Linked {
		m := d.in.Graph.Manifests[digest]
		switch sites := d.in.Use.Digests[digest]; {
		case d.repo.Failed != "":
			d.keep(digest, verdict{stays: true, reason: Unreadable})
		case len(sites) > 0:
			d.keep(digest, verdict{true, because(sites), 0, sites})
		case m == nil || m.Broken != "":
			d.keep(digest, verdict{stays: true, reason: Unreadable})
		case d.protects(digest, map[string]bool{}):
			d.keep(digest, verdict{stays: true, reason: Protected})
		}
	}
	used := d.in.Use.Tags[d.repo.Name]
	for _, t := range d.repo.Tags {
		switch sites := used[t.Name]; {
		case t.Digest == "" && d.repo.Failed == "":
			d.tags[t.Name] = verdict{true, Ghost, 0, sites}
		case len(sites) > 0:
			d.tags[t.Name] = verdict{true, because(sites), 0, sites}
			if t.Digest != "" {
				d.keep(t.Digest, d.tags[t.Name])
			}
		case d.repo.Failed != "":
			d.tags[t.Name] = verdict{stays: true, reason: Unreadable}
		}
	}
	for _, t := range d.repo.Tags { // all names of an image in use stay, as nobody knows which is meant
		if _, decided := d.tags[t.Name]; !decided && d.reasons[t.Digest].stays {
			d.tags[t.Name] = d.reasons[t.Digest]
		}
	}
}

// keep makes digest a root; the first reason counts, as the stronger come first.
func (d *decider) keep(digest string, v verdict) {
	if !d.reasons[digest].stays {
		d.reasons[digest] = v
	}
}

// because is the strongest why of sites, which come in that order.
func because(sites []roots.Site) Reason { return Reason(sites[0].Why) }

// protected reads the value of a protection: a date until which it holds, or
// anything else for ever. "false" is the way to say no.
func protected(value string, now time.Time) bool {
	if value == "" || value == "false" {
		return false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if until, err := time.Parse(layout, value); err == nil {
			return now.Before(until)
		}
	}
	return true
}

// fromRules asks the policy about all tags that have no verdict yet. What belongs to
// another manifest is asked about apart: rules for names hold for it, but it is none
// of the images that rules count, and it stays with what it belongs to.
func (d *decider) fromRules() {
	if d.entry == nil {
		for _, t := range d.repo.Tags {
			d.rule(t.Name, policy.Decision{Verdict: policy.NoRule})
		}
		return
	}
	kept := map[string]bool{}
	for digest := range d.reasons {
		kept[digest] = true
	}
	whole, parts := d.images()
	d.ruleAll(d.entry.Evaluate(whole, kept, d.in.Now))
	for _, part := range parts {
		kept[part.Digest] = true
	}
	d.ruleAll(d.entry.Evaluate(parts, kept, d.in.Now))
	d.keepAttachments(kept)
}

// ruleAll goes by the order of the tags: the first reason to keep an image is the one
// that is told.
func (d *decider) ruleAll(decisions map[string]policy.Decision) {
	for _, t := range d.repo.Tags {
		if decision, asked := decisions[t.Name]; asked {
			d.rule(t.Name, decision)
		}
	}
}

// rule takes a decision of the policy over, where nothing stronger has decided.
func (d *decider) rule(name string, decision policy.Decision) {
	if _, decided := d.tags[name]; decided {
		return
	}
	v := verdict{decision.Verdict != policy.NotKept, Reason(decision.Verdict), decision.Rule, nil}
	d.tags[name] = v
	if digest := d.byName[name].Digest; v.stays && digest != "" {
		d.keep(digest, v)
	}
}

// named reports whether digest has a tag that is not only an attachment.
func (d *decider) named(digest string) bool {
	for _, name := range d.tagged[digest] {
		if graph.AttachedTo(name) == "" {
			return true
		}
	}
	return false
}

// keepWhole completes the roots by what they need, and finds out what of it is there
// only because nobody asked for untagged manifests to go. What a named image needs is
// said to be needed by it, though being without a name would keep it as well.
func (d *decider) keepWhole() {
	all := slices.Sorted(maps.Keys(d.reasons))
	d.kept = d.in.Graph.Closure(d.repo, all)
	named := slices.DeleteFunc(slices.Clone(all), func(digest string) bool { return d.nameless[digest] })
	maps.Copy(d.kept, d.in.Graph.Closure(d.repo, named))
	needed := d.in.Graph.Closure(d.repo, slices.DeleteFunc(all, func(digest string) bool {
		return d.reasons[digest].reason == UntaggedKept
	}))
	for digest := range d.kept {
		if _, ok := needed[digest]; !ok {
			d.spared[digest] = true
		}
	}
}
