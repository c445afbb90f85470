package policy

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// The orders of KeepLast, the newest being the last pushed, the last created, the one
// with the highest version, the one with the highest plain number, or the one whose
// name is the last in natural order (build-9 before build-10).
const (
	SortPushed  = "pushed"
	SortCreated = "created"
	SortSemver  = "semver"
	SortNumber  = "number"
	SortNatural = "natural"
)

// Sorts are all orders.
var Sorts = []string{SortPushed, SortCreated, SortSemver, SortNumber, SortNatural}

// lastRule keeps the newest images.
type lastRule struct {
	rule  int // its number; 0: there is none
	count int
	sort  string // "": by push or creation
}

func (r *lastRule) byDate() bool {
	return r.rule > 0 && (r.sort == "" || r.sort == SortPushed || r.sort == SortCreated)
}

func (r *lastRule) words() string {
	by := map[string]string{
		"":          "by time of push if it is known for all, else of creation",
		SortPushed:  "by time of push",
		SortCreated: "by time of creation",
		SortSemver:  "by version",
		SortNumber:  "by plain number",
		SortNatural: "by name in natural order",
	}[r.sort]
	if r.count == 1 {
		return "keep the last image, " + by
	}
	return fmt.Sprintf("keep the last %d images, %s", r.count, by)
}

// standing is an image's place in the order.
type standing struct {
	digest  string
	name    string // the last of its tags in natural order
	date    time.Time
	number  *big.Int
	version version
	known   bool // the order has a place for it
}

// compare puts the newer one first; the later name is newer where the rest is alike.
func (s standing) compare(o standing) int {
	var c int
	switch {
	case s.number != nil && o.number != nil:
		c = o.number.Cmp(s.number)
	case s.version.Version != nil && o.version.Version != nil:
		c = o.version.Compare(s.version.Version)
	default:
		c = o.date.Compare(s.date)
	}
	return cmp.Or(c, natural(o.name, s.name), cmp.Compare(s.digest, o.digest))
}

// choose splits images into those to keep and those that have no place in the order.
// Images in use take nobody's place, but are kept with the others around them, so
// that the newest one does not lose its tags for being used.
func (r *lastRule) choose(images []Image, counts func(*Image) bool, inUse map[string]bool, now time.Time) (kept, unknown map[string]bool) {
	kept, unknown = map[string]bool{}, map[string]bool{}
	if r.rule == 0 {
		return kept, unknown
	}
	created := r.sort == SortCreated || r.sort == "" && slices.ContainsFunc(images, func(i Image) bool { return !Believable(i.Pushed, now) })
	var order []standing
	for i := range images {
		if image := &images[i]; counts(image) {
			if s := r.standing(image, created, now); s.known {
				order = append(order, s)
			} else {
				unknown[image.Digest] = true
			}
		}
	}
	slices.SortFunc(order, standing.compare)
	places := r.count
	for _, s := range order {
		if places == 0 {
			break
		}
		kept[s.digest] = true
		if !inUse[s.digest] {
			places--
		}
	}
	return kept, unknown
}

func (r *lastRule) standing(image *Image, created bool, now time.Time) standing {
	s := standing{digest: image.Digest, name: slices.MaxFunc(image.Tags, natural)}
	switch r.sort {
	case SortNumber:
		for _, tag := range image.Tags {
			if n, ok := integer(tag); ok && (s.number == nil || n.Cmp(s.number) > 0) {
				s.number = n
			}
		}
		s.known = s.number != nil
	case SortSemver:
		for _, tag := range image.Tags {
			if v, ok := parseVersion(tag); ok && v.parts > 1 && (s.version.Version == nil || v.GreaterThan(s.version.Version)) {
				s.version = v
			}
		}
		s.known = s.version.Version != nil
	case SortNatural:
		s.known = true
	default:
		if s.date = image.Pushed; created {
			s.date = image.Created
		}
		s.known = Believable(s.date, now)
	}
	return s
}

// natural compares names as people do: runs of digits by their number.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, m := run(x), run(y)
		var c int
		if isDigit(x[0]) && isDigit(y[0]) {
			p, q := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			c = cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q))
		} else {
			c = cmp.Compare(x[:n], y[:m])
		}
		if c != 0 {
			return c
		}
		x, y = x[n:], y[m:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// run is the length of the digits, or of the rest, that text begins with.
func run(text string) int {
	for i := 1; i < len(text); i++ {
		if isDigit(text[i]) != isDigit(text[0]) {
			return i
		}
	}
	return len(text)
}
