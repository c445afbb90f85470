package policy

import (
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Spec is an entry as it is written, in a file or as flags. In files the fields have
// the same names in camel case, and lists of one may be a plain text.
type Spec struct {
	// Repositories and Exclude are globs on names without the registry's host. * and ?
	// stay within a part of the path, ** does not: team/* is team/app, team/** also
	// team/app/debug, and ** is everything.
	Repositories, Exclude []string

	// Keep has names of tags, or globs with * and ?.
	Keep []string
	// KeepRegex has regular expressions (RE2) that match whole tags.
	KeepRegex []string
	// KeepNumber has conditions on numbers: >=950, ">950, !=960", 950..1000. Numbers are
	// digits only, of any length, and 0950 is 950. For numbers with something round
	// them the form comes first, with * for the number: build-*>=950.
	KeepNumber []string
	// KeepSemver has constraints on versions: ">=1.2 <2", ~1.4, "1.x || 3.x". See the
	// type version for what is a version.
	KeepSemver []string
	// KeepLast is for how many images to keep, the newest by Sort. An image is a digest
	// with all of its tags. Only images with a tag that is for deletion count, and none
	// that a cluster uses. nil: no such rule.
	KeepLast *int
	// KeepWithin is an age, as ParseAge reads it; what was pushed since stays.
	KeepWithin string

	// Delete has names and globs of tags, DeleteRegex regular expressions that match
	// whole tags. Nothing else is for deletion then.
	Delete, DeleteRegex []string

	// Sort is the order for KeepLast, one of Sorts; "" is SortPushed if the time of
	// the push is known for all images of the repository, SortCreated otherwise.
	Sort string
	// MinAge is the grace: younger images stay. "" is DefaultMinAge, and lets pass
	// what has no date; a given one does not.
	MinAge string

	// Untagged puts manifests without tags up for deletion, if they are older than
	// UntaggedMinAge, "" being DefaultMinAge.
	Untagged       bool
	UntaggedMinAge string

	lines map[string]int // of the fields in a file; "" is the entry's own
}

// New makes a policy of entries. Its errors are FieldErrors that name the entry.
func New(specs []Spec) (*Policy, error) { return build(specs, false) }

// FromFlags makes a policy of one entry, for all repositories unless some are
// named. Its errors are FieldErrors that name flags: --keep-number for KeepNumber.
func FromFlags(spec Spec) (*Policy, error) {
	if len(spec.Repositories) == 0 {
		spec.Repositories = []string{"**"}
	}
	return build([]Spec{spec}, true)
}

func build(specs []Spec, flags bool) (*Policy, error) {
	p := &Policy{}
	everywhere := 0
	for i := range specs {
		c := compiler{spec: &specs[i], entry: i + 1, flags: flags, policy: p, alone: len(specs) == 1}
		if everywhere > 0 {
			return nil, c.wrong("", "", hint.With(fmt.Errorf("it is never reached: entry %d is about all repositories", everywhere), "put the more special entry first"))
		}
		e, err := c.compile()
		if err != nil {
			return nil, err
		}
		p.entries = append(p.entries, e)
		if len(e.exclude) == 0 && matchesEverything(c.spec.Repositories) {
			everywhere = i + 1
		}
	}
	if len(specs) == 0 {
		return nil, errors.New("the policy has no rules")
	}
	return p, nil
}

func matchesEverything(globs []string) bool {
	for _, g := range globs {
		if g == "**" {
			return true
		}
	}
	return false
}
