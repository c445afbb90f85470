package collect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// ErrFirewall says that the collection would delete, or has deleted, what is needed.
var ErrFirewall = errors.New("the collection is about to delete what is needed")

// ErrAudit says that the collection did something else than its dry run said.
var ErrAudit = errors.New("the collection did not do what its dry run said")

// firewall compares what is to go with what is needed. A registry that knows nothing
// to be needed is no proof that all of it is garbage.
func firewall(plan *Output, reachable Reachable) error {
	if len(reachable) == 0 && len(plan.Blobs) > 0 {
		return hint.With(fmt.Errorf("checking the collection: %w: nothing at all is known to be needed", ErrFirewall),
			"look whether the registry still lists its repositories")
	}
	var wrong []string
	for _, d := range plan.Blobs {
		if repositories, needed := reachable[d]; needed {
			wrong = append(wrong, d+" of "+strings.Join(repositories, ", "))
		}
	}
	if wrong = append(wrong, neededLinks(plan, reachable)...); len(wrong) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("checking the collection: %w: %s", ErrFirewall, some(wrong)),
		"nothing was deleted; an index whose images are no longer linked looks like this: push it again")
}

func neededLinks(o *Output, reachable Reachable) (needed []string) {
	for _, l := range o.Links {
		if slices.Contains(reachable[l.Digest], l.Repository) {
			needed = append(needed, "the link of "+l.Digest+" in "+l.Repository)
		}
	}
	return needed
}

// some names the first few.
func some(list []string) string {
	const most = 5
	text := strings.Join(list[:min(most, len(list))], "; ")
	if n := len(list) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// audit compares the files before and after with the dry run.
func (r *run) audit(plan, done *Output, reachable Reachable, after *disk.Listing) error {
	promised := map[string]bool{}
	for _, d := range plan.Blobs {
		promised[d] = true
	}
	var lost, surprising []string
	for d, size := range r.before.Blobs {
		if _, stays := after.Blobs[d]; stays {
			continue
		}
		r.report.Swept = append(r.report.Swept, d)
		r.report.Freed += size
		if _, needed := reachable[d]; needed {
			lost = append(lost, d)
		}
		if !promised[d] {
			surprising = append(surprising, d)
		}
		delete(promised, d)
	}
	slices.Sort(r.report.Swept)
	r.report.Links, r.report.FreeBytes[1] = len(done.Links), after.Free
	left := slices.Sorted(maps.Keys(promised))
	lost = append(lost, neededLinks(done, reachable)...)
	slices.Sort(lost)
	slices.Sort(surprising)
	switch {
	case len(lost) > 0:
		return hint.With(fmt.Errorf("looking at the files after the collection: %w: gone are %s", ErrFirewall, some(lost)), "restore them from a backup, or push these images again")
	case len(surprising) > 0:
		return fmt.Errorf("looking at the files after the collection: %w: it also deleted %s", ErrAudit, some(surprising))
	case len(left) > 0:
		return fmt.Errorf("looking at the files after the collection: %w: still there are %s", ErrAudit, some(left))
	case !slices.Equal(plan.Links, done.Links):
		return fmt.Errorf("reading the output of the collection: %w: it names %d layer links instead of %d, or others", ErrAudit, len(done.Links), len(plan.Links))
	case !slices.Equal(plan.Blobs, done.Blobs):
		return fmt.Errorf("reading the output of the collection: %w: it names %d blobs instead of %d", ErrAudit, len(done.Blobs), len(plan.Blobs))
	}
	return nil
}
