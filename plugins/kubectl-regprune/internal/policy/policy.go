// Package policy decides which tags of a repository may be deleted, by rules that
// people wrote. It reads rules and answers questions; it asks no registry and no
// cluster, and it never decides about what pods use: whoever calls it lets other
// reasons to keep win.
//
// A policy is a list of entries. The first whose globs match a repository decides
// about it; a repository without an entry keeps everything.
//
// The rules of an entry only keep. They are alternatives: what one of them keeps
// stays. What none keeps is deleted only if it is for deletion, which is, by the
// first of these lines that applies:
//
//	delete, deleteRegex   the tags that they match, and no others
//	keepNumber            numbers, of the forms that the conditions are about
//	keepSemver            versions (both together: both)
//	keepLast, keepWithin  all tags; numbers or versions only if that is the order
//
// keep and keepRegex protect, they put nothing up for deletion. So with delete or
// deleteRegex another rule to keep never deletes more; without them that is true of
// all but the first keepNumber of a form and the first keepSemver.
//
// Dates can be missing or made up. A date of before 2013-03-20 (there was no Docker),
// of exactly 1980-01-01 (reproducible builds) or of more than a day ahead is unknown,
// and an unknown date keeps whatever a date would have to condemn. Only the grace that
// nobody asked for, of 24 h, lets pass what has no date: images whose builders
// write 1970 could not be pruned by their numbers otherwise.
package policy

import "time"

// Image is a manifest that has tags, as rules see it.
type Image struct {
	Digest  string
	Tags    []string  // sorted; never empty
	Created time.Time // zero if unknown
	Pushed  time.Time // the last time that a tag was made to lead to it; zero if unknown
}

// Verdict is what a policy says of one tag.
type Verdict string

// The verdicts. The text is the reason in plans.
const (
	Kept        Verdict = "rule"             // a rule keeps it
	TooYoung    Verdict = "too-young"        // younger than the grace
	UnknownDate Verdict = "unknown-date"     // an age counts, and nobody knows it
	NoRule      Verdict = "no-rule"          // no rule is about the repository
	Unmatched   Verdict = "not-for-deletion" // it is none of the tags that rules may delete
	NotKept     Verdict = "not-kept"         // may be deleted
)

// Decision is a verdict, and the position of the rule that it comes from: from 1, so
// that Words()[Rule-1] says the rule; 0 for NoRule.
type Decision struct {
	Verdict Verdict
	Rule    int
}

// Policy is what to keep, and what may be deleted, in which repositories. New,
// FromFlags and Parse make one.
type Policy struct {
	entries []*Entry
	words   []string
}

// Entry is the part of a policy about some repositories.
type Entry struct {
	repositories, exclude []glob

	names    []nameRule // what a tag's name decides
	last     lastRule
	within   withinRule
	scope    scope
	grace    grace
	untagged grace // of untagged manifests
}

// For finds the entry that decides about a repository, and its position from 1. It
// returns nil and 0 if there is none: everything is to be kept.
func (p *Policy) For(repository string) (*Entry, int) {
	for i, e := range p.entries {
		if matchAny(e.repositories, repository) && !matchAny(e.exclude, repository) {
			return e, i + 1
		}
	}
	return nil, 0
}

// Words says every rule as a sentence, in the order of Decision.Rule. The same
// policy has the same words.
func (p *Policy) Words() []string { return append([]string(nil), p.words...) }
