package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// scope is which tags are for deletion if no rule keeps them.
type scope struct {
	rule     int // its number
	all      bool
	globs    []glob
	regexes  []*regexp.Regexp
	texts    []string // of the regexes
	shapes   []shape
	versions []*semverRule // those that they judge
	// versioned is any version of two parts and more, as SortSemver orders them.
	versioned bool
}

func (s *scope) has(tag string) bool {
	if s.all || matchAny(s.globs, tag) {
		return true
	}
	for _, re := range s.regexes {
		if re.MatchString(tag) {
			return true
		}
	}
	for _, form := range s.shapes {
		if _, ok := form.number(tag); ok {
			return true
		}
	}
	for _, r := range s.versions {
		if r.judges(tag) {
			return true
		}
	}
	v, ok := parseVersion(tag)
	return s.versioned && ok && v.parts > 1
}

func (s *scope) hasAny(image *Image) bool {
	for _, tag := range image.Tags {
		if s.has(tag) {
			return true
		}
	}
	return false
}

func (s *scope) nothing() bool {
	return !s.all && !s.versioned && len(s.globs)+len(s.regexes)+len(s.shapes)+len(s.versions) == 0
}

func (s *scope) words() string {
	if s.all {
		return "delete all other tags"
	}
	var what []string
	for _, g := range s.globs {
		what = append(what, fmt.Sprintf("tags like %q", g.text))
	}
	for _, text := range s.texts {
		what = append(what, fmt.Sprintf("tags that match %q as a whole", text))
	}
	for _, form := range s.shapes {
		what = append(what, form.words())
	}
	pre := s.versioned
	for _, r := range s.versions {
		pre = pre || r.pre
	}
	switch {
	case pre:
		what = append(what, "versions, prereleases included")
	case len(s.versions) > 0:
		what = append(what, "versions that are no prereleases")
	}
	if len(what) == 0 {
		return "delete no tags"
	}
	return "of the others delete " + strings.Join(what, ", and ") + "; no more tags"
}

// scope finds out what is for deletion; see the package's comment. keepVersions has
// put in what its rules are about.
func (c *compiler) scope(e *Entry) error {
	s := &e.scope
	var err error
	if s.globs, err = each(c, "delete", c.spec.Delete, tagGlob); err != nil {
		return err
	}
	if s.regexes, err = each(c, "deleteRegex", c.spec.DeleteRegex, wholeRegex); err != nil {
		return err
	}
	s.texts = c.spec.DeleteRegex
	switch {
	case len(s.globs)+len(s.regexes) > 0:
		s.shapes, s.versions = nil, nil
		for _, g := range s.globs {
			s.all = s.all || g.text == "*"
		}
	case len(s.shapes)+len(s.versions) > 0:
	case e.last.rule == 0 && e.within.rule == 0:
	case e.last.sort == SortNumber:
		s.shapes = []shape{{}}
	case e.last.sort == SortSemver:
		s.versioned = true
	default:
		s.all = true
	}
	s.rule = c.say(s.words())
	return nil
}

// sensible refuses an entry that does nothing, unless it says so by keeping all tags.
func (c *compiler) sensible(e *Entry) error {
	if !e.scope.nothing() || e.untagged.on {
		return nil
	}
	for _, r := range e.names {
		if g, ok := r.nameMatcher.(globRule); ok && g.text == "*" {
			return nil
		}
	}
	if len(e.names) == 0 {
		return c.wrong("", "", hint.With(errors.New("it has no rules"), "for example "+c.example()+"; to see what is there: kubectl regprune du"))
	}
	return c.wrong("", "", hint.With(errors.New("it says what to keep, but not what may be deleted"), "add "+c.called("delete")+" '*' to delete all other tags, or a glob to delete some"))
}

// field is how the user knows a field.
func (c *compiler) field(name string) string {
	if c.flags {
		return flagFor(name)
	}
	return name
}

// called is a field with what divides it from its value.
func (c *compiler) called(field string) string {
	if c.flags {
		return flagFor(field)
	}
	return field + ":"
}

func (c *compiler) example() string { return c.called("keepLast") + " 10" }
