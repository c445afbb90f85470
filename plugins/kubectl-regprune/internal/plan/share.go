package plan

import (
	"math/big"
	"slices"
	"strconv"
)

// counts are what shares are of: tags of the repositories that have rules, and manifests
// that never had one.
type counts struct {
	tags, tagsGone         int
	untagged, untaggedGone int
}

func count(p *Plan) counts {
	var c counts
	for _, r := range p.Repos {
		// Without rules, nothing goes, unless somebody has edited the plan.
		edited := slices.ContainsFunc(r.Tags, func(t Tag) bool { return t.Reason == NoRule && t.Action != Keep })
		going := map[string]bool{} // what tags that go lead to
		for _, t := range r.Tags {
			if t.Reason == NoRule && !edited {
				continue
			}
			c.tags++
			if t.Action != Keep {
				c.tagsGone++
				going[t.Digest] = true
			}
		}
		for _, m := range r.Manifests {
			switch {
			case m.Action == Keep && m.Reason == UntaggedKept:
				c.untagged++
			case m.Action == Keep || going[m.Digest] || m.Reason == ChildOfDeleted || m.Reason == OrphanReferrer:
			default: // in an edited plan, it may have a tag that is to stay
				c.untagged++
				c.untaggedGone++
			}
		}
	}
	return c
}

// exceeded compares without the error of floating point, by which 29 of 100 would be more
// than 29 %: a share that somebody has typed has few digits.
func (l Limits) exceeded(gone, all int) bool {
	const digits = 12
	share, ok := new(big.Rat).SetString(strconv.FormatFloat(l.MaxShare, 'f', digits, 64))
	if !ok { // not a number
		return gone > 0
	}
	return new(big.Rat).SetInt64(int64(gone)).Cmp(share.Mul(share, new(big.Rat).SetInt64(int64(all)))) > 0
}
