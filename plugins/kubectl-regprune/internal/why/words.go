package why

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

var words = map[plan.Reason]string{
	plan.InUse:          "a pod runs it, or a workload starts it",
	plan.Rollback:       "a workload can be rolled back to it",
	plan.HelmHistory:    "a Helm release can be rolled back to it",
	plan.Mentioned:      "an object in the cluster mentions it",
	plan.Protected:      "an annotation or label protects it",
	plan.TooYoung:       "it is younger than the grace",
	plan.UnknownDate:    "its age counts, and is not known",
	plan.NoRule:         "no rule is about its repository",
	plan.Unmatched:      "rules are about other tags",
	plan.Ghost:          "it is listed, but its manifest is missing",
	plan.Unreadable:     "its manifest cannot be understood",
	plan.ChildOfKept:    "an index that stays names it",
	plan.ReferrerOfKept: "what it signs or describes stays",
	plan.Tagged:         "a tag that stays leads to it",
	plan.UntaggedKept:   "it has no tag, and nobody asked to delete such",
	plan.SharedDigest:   "the server cannot remove it without the other tags of its manifest",
	plan.NotKept:        "no rule keeps it",
	plan.ChildOfDeleted: "the index that named it goes",
	plan.OrphanReferrer: "what it signs or describes goes, or is gone",
	plan.UntaggedGone:   "it has no tag, and such are to be deleted",
	"rule":              "a rule keeps it",
}

// Words say a reason in a few words, as in "it stays: …". A reason that is not known
// is said as it is.
func Words(r plan.Reason) string {
	if text, ok := words[r]; ok {
		return text
	}
	if n, ok := strings.CutPrefix(string(r), "rule:"); ok {
		return "rule " + n + " keeps it"
	}
	return string(r)
}

// Verdict says what happens to a tag or a manifest.
func Verdict(a plan.Action) string {
	switch a {
	case plan.Keep:
		return "stays"
	case plan.Untag:
		return "goes, but not its manifest"
	case plan.Delete:
		return "goes"
	}
	return "is not in the plan"
}

// Place says where in a cluster a site is: Pod shop/api-0, spec.containers[app].image.
func Place(s roots.Site) string {
	name := s.Name
	if s.Namespace != "" {
		name = s.Namespace + "/" + name
	}
	text := s.Kind + " " + name
	if s.Field != "" {
		text += ", " + s.Field
	}
	if s.Context != "" {
		text += fmt.Sprintf(" (context %s)", s.Context)
	}
	return text
}

// Short is a digest cut to what tells it from others.
func Short(digest string) string {
	const shown = 12
	algorithm, sum, ok := strings.Cut(digest, ":")
	if !ok || len(sum) <= shown {
		return digest
	}
	return algorithm + ":" + sum[:shown]
}
