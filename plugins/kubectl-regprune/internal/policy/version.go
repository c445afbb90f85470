package policy

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// version is a tag that is a version, as images have them: 1.2.3, v1.2.3,
// 1.2.3-rc.1, 1.2.3_build5 (with _ where semver has +, which tags cannot have),
// 2024.01.15, and shorter ones such as 1.2 and 1.
//
// A shorter one is a name for whatever 1.2.x is the latest, or all there is of a
// version. Both readings are served: it is kept if any version that it can stand for
// would be. 1 alone could as well be the number of a build, so it is never for
// deletion because of its version; but >=1 keeps the build 950 as well, where >=1 <100
// does not.
//
// What follows a hyphen is a prerelease to semver and a variant to many images
// (1.2.3-alpine). A constraint that names no prerelease is about neither.
type version struct {
	*semver.Version
	parts int // that are given, 1 to 3
}

var versionTag = regexp.MustCompile(`^v?([0-9]{1,19})(?:\.([0-9]{1,19}))?(?:\.([0-9]{1,19}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:_([0-9A-Za-z._-]+))?$`)

func parseVersion(tag string) (version, bool) {
	m := versionTag.FindStringSubmatch(tag)
	if m == nil {
		return version{}, false
	}
	var segments [3]uint64
	parts := 0
	for i := range segments {
		if m[i+1] == "" {
			break
		}
		n, err := strconv.ParseUint(m[i+1], 10, 64)
		if err != nil {
			return version{}, false
		}
		segments[i] = n
		parts++
	}
	return version{semver.New(segments[0], segments[1], segments[2], m[4], m[5]), parts}, true
}

// semverRule keeps tags by their version.
type semverRule struct {
	text       string
	constraint *semver.Constraints
	pre        bool              // the constraint names a prerelease
	edges      []*semver.Version // where it can begin to hold
}

var literal = regexp.MustCompile(`([0-9]+)(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`)

// parseSemver reads a constraint as Helm and others know them: comparisons with =, !=,
// >, <, >=, <=, ~ and ^, joined by spaces or commas for and, by || for or.
func parseSemver(text string) (*semverRule, error) {
	text = strings.Join(strings.Fields(text), " ")
	c, err := semver.NewConstraint(text)
	if err != nil || text == "" {
		return nil, hint.With(errors.New("it is no constraint on versions"), "write constraints such as '>=1.2 <2', ~1.4, ^2, or '1.x || 3.x'")
	}
	r := &semverRule{text: text, constraint: c}
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		r.pre = r.pre || m[4] != ""
		var n [3]uint64
		for i := range n {
			n[i], _ = strconv.ParseUint(m[i+1], 10, 64) // of x and nothing: 0
		}
		r.edges = append(r.edges,
			semver.New(n[0], n[1], n[2], "", ""), semver.New(n[0], n[1], n[2]+1, "", ""),
			semver.New(n[0], n[1]+1, 0, "", ""))
	}
	return r, nil
}

func (r *semverRule) keeps(tag string) bool {
	v, ok := parseVersion(tag)
	if !ok || v.Prerelease() != "" && !r.pre {
		return false
	}
	if r.constraint.Check(v.Version) {
		return true
	}
	return v.parts < 3 && r.reaches(v)
}

// reaches reports whether a version that begins with the parts of v satisfies the
// constraint. Where it begins to, there is one of its edges, or v itself.
func (r *semverRule) reaches(v version) bool {
	minor := v.Minor()
	if v.parts == 1 {
		minor = math.MaxUint64
	}
	low, high := semver.New(v.Major(), v.Minor(), 0, "", ""), semver.New(v.Major(), minor, math.MaxUint64, "", "")
	for _, edge := range append([]*semver.Version{low, high}, r.edges...) {
		if !edge.LessThan(low) && !edge.GreaterThan(high) && r.constraint.Check(edge) {
			return true
		}
	}
	return false
}

// judges reports whether the rule puts a tag up for deletion.
func (r *semverRule) judges(tag string) bool {
	v, ok := parseVersion(tag)
	return ok && v.parts >= 2 && (r.pre || v.Prerelease() == "")
}

func (r *semverRule) words() string {
	if r.pre {
		return fmt.Sprintf("keep tags whose version, prereleases included, satisfies %q", r.text)
	}
	return fmt.Sprintf("keep tags whose version, which is no prerelease, satisfies %q", r.text)
}
