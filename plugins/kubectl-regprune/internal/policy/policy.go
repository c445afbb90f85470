// Package policy decides which images of a repository rules keep. Rules only keep:
// they are alternatives, and whatever one of them keeps stays.
package policy

import "time"

// Image is a manifest that has tags, as rules see it.
type Image struct {
	Digest  string
	Tags    []string  // sorted; never empty
	Created time.Time // zero if unknown
	Pushed  time.Time // zero if unknown
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

// Decision is a verdict, and the position of the rule that it comes from: from 1, in
// the order of the policy; 0 where no rule decided.
type Decision struct {
	Verdict Verdict
	Rule    int
}
