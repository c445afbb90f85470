package apply

import "time"

// Outcome is how it went with a tag or manifest.
type Outcome string

// The outcomes. Remaining is what was not tried as the run stopped before.
const (
	Deleted   Outcome = "deleted"
	Gone      Outcome = "gone" // somebody else, or an earlier run, has deleted it
	Skipped   Outcome = "skipped"
	Failed    Outcome = "failed"
	Remaining Outcome = ""
)

// Reason is why something was skipped, or has to be there again although it was
// deleted. The set is closed.
type Reason string

// The reasons.
const (
	Moved       Reason = "tag-moved"         // the tag leads elsewhere than the plan says
	Retagged    Reason = "tag-leads-here"    // a tag leads to the manifest that was not to go
	InUse       Reason = "in-use"            // a cluster uses it by now
	Needed      Reason = "needed"            // something else that was spared needs it
	ParentStays Reason = "parent-stays"      // what has to go before it could not be deleted
	Shared      Reason = "shared-digest"     // the server cannot remove the tag without its twins
	Unwritable  Reason = "no-placeholder"    // nothing could be made to be pushed over the tag
	PushedAgain Reason = "pushed-again"      // it is back, after it was deleted
	TagStays    Reason = "manifest-was-kept" // the manifest that the tag would have gone with was spared
)

// Item is a tag or, without Tag, a manifest that was skipped or could not be deleted,
// or a tag that was lost and had not been to go.
type Item struct {
	Repo    string  `json:"repository"`
	Tag     string  `json:"tag,omitempty"`
	Digest  string  `json:"digest"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Now     string  `json:"now,omitempty"` // digest that a moved tag leads to
	Err     error   `json:"-"`
}

// Counts are of tags or of manifests. Planned is the sum of the others.
type Counts struct {
	Planned   int `json:"planned"`
	Deleted   int `json:"deleted"`
	Gone      int `json:"gone"`
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
	Remaining int `json:"remaining"`
}

// Result is what was done, earlier runs of the same backup included.
type Result struct {
	Tags      Counts        `json:"tags"`
	Manifests Counts        `json:"manifests"`
	Items     []Item        `json:"items,omitempty"` // skipped and failed, in the order of the plan
	Elapsed   time.Duration `json:"elapsedNs"`       // of this run
}

// Complete reports whether everything that was planned is gone.
func (r *Result) Complete() bool {
	whole := func(c Counts) bool { return c.Skipped+c.Failed+c.Remaining == 0 }
	return whole(r.Tags) && whole(r.Manifests)
}

func (c *Counts) add(o Outcome) {
	c.Planned++
	switch o {
	case Deleted:
		c.Deleted++
	case Gone:
		c.Gone++
	case Skipped:
		c.Skipped++
	case Failed:
		c.Failed++
	case Remaining:
		c.Remaining++
	}
}

func (r *run) result() *Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &Result{}
	for _, p := range r.repos {
		for _, list := range [][]*Item{p.tagList, p.manifestList, p.lost} {
			for _, i := range list {
				if i.Tag != "" {
					out.Tags.add(i.Outcome)
				} else {
					out.Manifests.add(i.Outcome)
				}
				if i.Outcome == Skipped || i.Outcome == Failed {
					out.Items = append(out.Items, *i)
				}
			}
		}
	}
	return out
}
