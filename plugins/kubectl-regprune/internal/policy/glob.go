package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// glob matches whole names.
type glob struct {
	text string
	re   *regexp.Regexp // nil: text itself
}

func (g glob) match(name string) bool {
	if g.re == nil {
		return name == g.text
	}
	return g.re.MatchString(name)
}

func matchAny(globs []glob, name string) bool {
	for _, g := range globs {
		if g.match(name) {
			return true
		}
	}
	return false
}

const tagCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// errCharacter is what cannot be in the name of any tag.
var errCharacter = errors.New("cannot be in a tag's name")

// tagGlob reads a tag's name, or a glob with * for any text and ? for one character.
func tagGlob(text string) (glob, error) {
	if text == "" {
		return glob{}, errors.New("it is empty")
	}
	if bad := strings.Trim(text, tagCharacters+"*?"); bad != "" {
		return glob{}, fmt.Errorf("%q %w", firstOf(bad), errCharacter)
	}
	return newGlob(text, ".*", "."), nil
}

// repositoryGlob reads a repository's name, or a glob where * and ? match within a
// part of the path, and ** across.
func repositoryGlob(text string) (glob, error) {
	if text == "" {
		return glob{}, errors.New("it is empty")
	}
	if bad := strings.Trim(text, tagCharacters+"/*?"); bad != "" {
		return glob{}, hint.With(fmt.Errorf("%q cannot be in a repository's name", firstOf(bad)), "leave out the registry's host, the tag and the digest; * matches within a part of the path, ** across")
	}
	return newGlob(text, "[^/]*", "[^/]"), nil
}

func newGlob(text, star, question string) glob {
	if !strings.ContainsAny(text, "*?") {
		return glob{text: text}
	}
	pattern := regexp.QuoteMeta(text)
	pattern = strings.ReplaceAll(pattern, `\?`, question)
	pattern = strings.ReplaceAll(pattern, `\*\*/`, "(?:.*/)?")
	pattern = strings.ReplaceAll(pattern, `\*\*`, ".*")
	pattern = strings.ReplaceAll(pattern, `\*`, star)
	return glob{text, regexp.MustCompile(`\A(?s:` + pattern + `)\z`)}
}

// firstOf is the first character of text that is no letter, digit or the like.
func firstOf(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

// wholeRegex reads a regular expression that has to match a whole tag. It refuses
// plain words: who writes one expects that it is looked for within tags.
func wholeRegex(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("reading the regular expression: %w", err)
	}
	if plain, complete := re.LiteralPrefix(); complete {
		return nil, hint.With(errors.New("it is a plain word, and would only match the tag of that name"),
			fmt.Sprintf("regular expressions match whole tags: write .*%s.* for tags that contain it, or give the name without regex", plain))
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("reading the regular expression as one for whole tags: %w", err)
	}
	return whole, nil
}
