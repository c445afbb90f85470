package policy

import "time"

// nameRule keeps tags by their names.
type nameRule struct {
	rule int // its number
	nameMatcher
}

type nameMatcher interface {
	keeps(tag string) bool
	words() string
}

// withinRule keeps images that are young.
type withinRule struct {
	rule int // its number; 0: there is none
	age  time.Duration
}

// Evaluate decides about every tag of a repository. The order of images does not
// matter. They are what people tagged: neither what an index contains nor signatures and
// other things that belong to an image, which stay and go with it.
//
// inUse has the digests that are kept for other reasons, such as pods: KeepLast counts
// them out. Their tags get a verdict like all others; to keep them is the caller's
// business. An entry that is nil, as For returns it, says NoRule of all.
func (e *Entry) Evaluate(images []Image, inUse map[string]bool, now time.Time) map[string]Decision {
	decisions := map[string]Decision{}
	if e == nil {
		for _, image := range images {
			for _, tag := range image.Tags {
				decisions[tag] = Decision{Verdict: NoRule}
			}
		}
		return decisions
	}
	kept, unknown := e.last.choose(images, e.scope.hasAny, inUse, now)
	for i := range images {
		image := &images[i]
		for _, tag := range image.Tags {
			decisions[tag] = e.decide(tag, image, kept[image.Digest], unknown[image.Digest], now)
		}
	}
	return decisions
}

// decide asks the rules in the order of the policy. last and noPlace are what
// KeepLast says of the image.
func (e *Entry) decide(tag string, image *Image, last, noPlace bool, now time.Time) Decision {
	date, dated := image.Date(now)
	for _, r := range e.names {
		if r.keeps(tag) {
			return Decision{Kept, r.rule}
		}
	}
	switch {
	case last:
		return Decision{Kept, e.last.rule}
	case e.within.rule > 0 && dated && now.Sub(date) <= e.within.age:
		return Decision{Kept, e.within.rule}
	case !e.scope.has(tag):
		return Decision{Unmatched, e.scope.rule}
	case noPlace && !e.last.byDate():
		return Decision{Unmatched, e.last.rule}
	case noPlace:
		return Decision{UnknownDate, e.last.rule}
	case e.within.rule > 0 && !dated:
		return Decision{UnknownDate, e.within.rule}
	}
	if v := e.grace.judge(date, dated, now); v != NotKept {
		return Decision{v, e.grace.rule}
	}
	return Decision{NotKept, e.scope.rule}
}

func (g *grace) judge(date time.Time, dated bool, now time.Time) Verdict {
	switch {
	case g.age == 0:
		return NotKept
	case dated && now.Sub(date) < g.age:
		return TooYoung
	case !dated && g.strict:
		return UnknownDate
	}
	return NotKept
}

// Untagged decides about a manifest that no tag leads to, nor anything else that stays.
// An unknown date keeps it, whatever the grace is but 0: it can be a part of an image
// that is just being pushed, whose tag comes last.
func (e *Entry) Untagged(pushed, created, now time.Time) Decision {
	switch {
	case e == nil:
		return Decision{Verdict: NoRule}
	case !e.untagged.on:
		return Decision{Unmatched, e.scope.rule}
	}
	d, dated := date(pushed, created, now)
	return Decision{e.untagged.judge(d, dated, now), e.untagged.rule}
}

// Untags reports whether manifests without tags are for deletion.
func (e *Entry) Untags() bool { return e != nil && e.untagged.on }
