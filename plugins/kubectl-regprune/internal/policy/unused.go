package policy

import (
	"fmt"
	"slices"
)

// Unused says in words which parts of the policy are about nothing in a registry:
// names of repositories and of tags that match none there. They may be misspelled, and
// what they were meant to keep would go. Tags has all tags by repository.
//
// A rule that matches a tag which other reasons keep as well is not among them, and
// neither are rules by age or order: that these keep nothing is no mistake.
func (p *Policy) Unused(tags map[string][]string) []string {
	if len(tags) == 0 {
		return nil
	}
	own := make(map[*Entry][]string, len(p.entries)) // tags of the repositories that an entry decides about
	decides := map[*Entry]bool{}
	for repository, names := range tags {
		if e, _ := p.For(repository); e != nil {
			decides[e] = true
			own[e] = append(own[e], names...)
		}
	}
	var list []string
	for i, e := range p.entries {
		where := ""
		if len(p.entries) > 1 {
			where = fmt.Sprintf(" of entry %d", i+1)
		}
		list = append(list, idleGlobs("repositories", where, e.repositories, tags)...)
		list = append(list, idleGlobs("exclude", where, e.exclude, tags)...)
		switch {
		case decides[e]:
			list = append(list, p.idleRules(e, own[e])...)
		case slices.ContainsFunc(e.repositories, func(g glob) bool { return matches(g, tags) }):
			list = append(list, fmt.Sprintf("entry %d decides about no repository: entries before it do, or it leaves all out", i+1))
		}
	}
	return list
}

// idleGlobs are those that match no repository.
func idleGlobs(field, where string, globs []glob, tags map[string][]string) (list []string) {
	for _, g := range globs {
		if !matches(g, tags) {
			list = append(list, fmt.Sprintf("%s %q%s matches no repository", field, g.text, where))
		}
	}
	return list
}

func matches(g glob, tags map[string][]string) bool {
	for repository := range tags {
		if g.match(repository) {
			return true
		}
	}
	return false
}

// idleRules are the rules of an entry that match none of its tags by name.
func (p *Policy) idleRules(e *Entry, tags []string) (list []string) {
	for _, r := range e.names {
		if !slices.ContainsFunc(tags, r.keeps) {
			list = append(list, fmt.Sprintf("rule %d (%s) matches no tag", r.rule, p.words[r.rule-1]))
		}
	}
	for _, g := range e.scope.globs {
		if !slices.ContainsFunc(tags, g.match) {
			list = append(list, fmt.Sprintf("rule %d would delete %q, which matches no tag", e.scope.rule, g.text))
		}
	}
	for i, re := range e.scope.regexes {
		if !slices.ContainsFunc(tags, re.MatchString) {
			list = append(list, fmt.Sprintf("rule %d would delete %q, which matches no tag", e.scope.rule, e.scope.texts[i]))
		}
	}
	return list
}
