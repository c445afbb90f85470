package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// compiler turns a Spec into an Entry, and numbers its rules.
type compiler struct {
	policy *Policy // whose words grow
	spec   *Spec
	entry  int
	flags  bool
	alone  bool // the policy has no other entry
	prefix string
}

// say adds a sentence to the policy, and returns its number.
func (c *compiler) say(sentence string) int {
	c.policy.words = append(c.policy.words, c.prefix+sentence)
	return len(c.policy.words)
}

func (c *compiler) wrong(field, value string, err error) error {
	if err == nil {
		return nil
	}
	e := &FieldError{Entry: c.entry, Line: c.spec.lines[field], Field: field, Value: value, Err: err}
	if c.flags {
		e.Entry = 0
	}
	if e.Line == 0 {
		e.Line = c.spec.lines[""]
	}
	return e
}

func (c *compiler) compile() (*Entry, error) {
	e := &Entry{}
	for _, step := range []func(*Entry) error{c.repositories, c.keepNames, c.keepVersions, c.keepLast, c.keepWithin, c.scope, c.graces, c.sensible} {
		if err := step(e); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (c *compiler) repositories(e *Entry) (err error) {
	if len(c.spec.Repositories) == 0 {
		return c.wrong("repositories", "", hint.With(errors.New("an entry names repositories"), "write '**' for all"))
	}
	if e.repositories, err = each(c, "repositories", c.spec.Repositories, repositoryGlob); err != nil {
		return err
	}
	e.exclude, err = each(c, "exclude", c.spec.Exclude, repositoryGlob)
	everywhere := matchesEverything(c.spec.Repositories) && len(e.exclude) == 0
	if !everywhere || !c.alone {
		c.prefix = "in " + strings.Join(c.spec.Repositories, ", ")
		if len(e.exclude) > 0 {
			c.prefix += " but not " + strings.Join(c.spec.Exclude, ", ")
		}
		c.prefix += ": "
	}
	return err
}

// each reads all texts of a field.
func each[T any](c *compiler, field string, texts []string, parse func(string) (T, error)) ([]T, error) {
	var all []T
	for _, text := range texts {
		one, err := parse(text)
		if err != nil {
			if errors.Is(err, errCharacter) {
				err = hint.With(err, "names of tags may have * and ? in them; for regular expressions there are "+c.field("keepRegex")+" and "+c.field("deleteRegex"))
			}
			return nil, c.wrong(field, text, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func (c *compiler) name(e *Entry, m nameMatcher) {
	e.names = append(e.names, nameRule{c.say(m.words()), m})
}

type globRule struct{ glob }

func (r globRule) keeps(tag string) bool { return r.match(tag) }

func (r globRule) words() string {
	switch {
	case r.text == "*":
		return "keep all tags"
	case r.re != nil:
		return fmt.Sprintf("keep tags like %q", r.text)
	}
	return fmt.Sprintf("keep tag %q", r.text)
}

type regexRule struct {
	text string
	re   *regexp.Regexp
}

func (r regexRule) keeps(tag string) bool { return r.re.MatchString(tag) }
func (r regexRule) words() string         { return fmt.Sprintf("keep tags that match %q as a whole", r.text) }

func (c *compiler) keepNames(e *Entry) error {
	globs, err := each(c, "keep", c.spec.Keep, tagGlob)
	if err != nil {
		return err
	}
	regexes, err := each(c, "keepRegex", c.spec.KeepRegex, wholeRegex)
	if err != nil {
		return err
	}
	for _, g := range globs {
		c.name(e, globRule{g})
	}
	for i, re := range regexes {
		c.name(e, regexRule{c.spec.KeepRegex[i], re})
	}
	return nil
}

func (c *compiler) keepVersions(e *Entry) error {
	numbers, err := each(c, "keepNumber", c.spec.KeepNumber, parseNumber)
	if err != nil {
		return err
	}
	versions, err := each(c, "keepSemver", c.spec.KeepSemver, parseSemver)
	if err != nil {
		return err
	}
	for _, r := range numbers {
		c.name(e, r)
		if !slices.Contains(e.scope.shapes, r.shape) {
			e.scope.shapes = append(e.scope.shapes, r.shape)
		}
	}
	for _, r := range versions {
		c.name(e, r)
	}
	e.scope.versions = versions
	return nil
}

func (c *compiler) keepLast(e *Entry) error {
	e.last.sort = c.spec.Sort
	if e.last.sort != "" && !slices.Contains(Sorts, e.last.sort) {
		return c.wrong("sort", c.spec.Sort, hint.With(errors.New("there is no such order"), "use one of "+strings.Join(Sorts, ", ")))
	}
	if c.spec.KeepLast == nil {
		if c.spec.Sort != "" {
			return c.wrong("sort", c.spec.Sort, fmt.Errorf("it is the order for %s, which is not given", c.field("keepLast")))
		}
		return nil
	}
	if e.last.count = *c.spec.KeepLast; e.last.count < 1 {
		return c.wrong("keepLast", fmt.Sprint(e.last.count), hint.With(errors.New("it keeps at least 1 image"), "leave it out to keep none for being new"))
	}
	e.last.rule = c.say(e.last.words())
	return nil
}

// leastWithin is the shortest age that keepWithin takes: less is a slip, as 6m is for
// half a year.
const leastWithin = time.Hour

func (c *compiler) keepWithin(e *Entry) (err error) {
	text := c.spec.KeepWithin
	if text == "" {
		return nil
	}
	if e.within.age, err = ParseAge(text); err != nil {
		return c.wrong("keepWithin", text, err)
	}
	if e.within.age < leastWithin {
		return c.wrong("keepWithin", text, hint.With(errors.New("it is less than an hour"), c.field("minAge")+" spares what has just been pushed"))
	}
	e.within.rule = c.say(fmt.Sprintf("keep images of the last %s, by time of push, or of creation where that is not known", FormatAge(e.within.age)))
	return nil
}

// byDefault ends the sentence of a grace that nobody asked for, with the flag that
// changes it. Files and flags have the same words.
const byDefault = " (--min-age)"

func (c *compiler) graces(e *Entry) (err error) {
	if e.grace, err = c.grace("minAge", c.spec.MinAge); err != nil {
		return err
	}
	switch {
	case e.scope.nothing():
	case e.grace.age == 0:
		e.grace.rule = c.say("spare nothing for being young")
	case e.grace.strict:
		e.grace.rule = c.say("spare what is younger than " + FormatAge(e.grace.age) + " or has no known date")
	default:
		e.grace.rule = c.say("spare what is younger than " + FormatAge(e.grace.age) + byDefault)
	}
	if !c.spec.Untagged {
		if c.spec.UntaggedMinAge != "" {
			return c.wrong("untaggedMinAge", c.spec.UntaggedMinAge, fmt.Errorf("it is for %s, which is not given", c.field("untagged")))
		}
		return nil
	}
	if e.untagged, err = c.grace("untaggedMinAge", c.spec.UntaggedMinAge); err != nil {
		return err
	}
	e.untagged.on, e.untagged.strict = true, true
	sentence := "delete manifests without tags"
	if e.untagged.age > 0 {
		sentence += ", of at least " + FormatAge(e.untagged.age)
		if c.spec.UntaggedMinAge == "" {
			sentence += byDefault
		}
	}
	e.untagged.rule = c.say(sentence)
	return nil
}

func (c *compiler) grace(field, text string) (grace, error) {
	if text == "" {
		return grace{age: DefaultMinAge}, nil
	}
	age, err := ParseAge(text)
	return grace{age: age, strict: age > 0}, c.wrong(field, text, err)
}
