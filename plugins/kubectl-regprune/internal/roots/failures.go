package roots

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// failure is a kind that could not be read, or not completely.
type failure struct {
	name string   // as users name it
	also []string // other names for it
	err  error
}

// allowed reports whether the user can do without the kind.
func (f failure) allowed(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return slices.ContainsFunc(append([]string{f.name}, f.also...), func(own string) bool {
			return own != "" && strings.EqualFold(strings.TrimSpace(n), own)
		})
	})
}

// IncompleteError says which kinds of objects could not be read, and that nothing
// is known of the images they need.
type IncompleteError struct {
	Context string
	Kinds   []string // in order, as --allow-partial-cluster-view takes them
	errs    []error
}

func (e *IncompleteError) Error() string {
	parts := make([]string, len(e.Kinds))
	for i, k := range e.Kinds {
		why := e.errs[i].Error()
		if apierrors.IsForbidden(e.errs[i]) {
			why = "forbidden"
		}
		parts[i] = fmt.Sprintf("%q: %s", k, why)
	}
	return fmt.Sprintf("looking for images in use in context %q: these kinds could not be read: %s", e.Context, strings.Join(parts, "; "))
}

// Unwrap gives the reasons, in the order of Kinds.
func (e *IncompleteError) Unwrap() []error { return e.errs }

// judge separates failures that the user allows from those that end everything.
func judge(context string, failures []failure, allowed []string) (missing []string, err error) {
	slices.SortFunc(failures, func(a, b failure) int { return strings.Compare(a.name, b.name) })
	incomplete := &IncompleteError{Context: context}
	for _, f := range failures {
		if f.allowed(allowed) {
			missing = append(missing, f.name)
			continue
		}
		incomplete.Kinds = append(incomplete.Kinds, f.name)
		incomplete.errs = append(incomplete.errs, f.err)
	}
	if len(incomplete.Kinds) == 0 {
		return missing, nil
	}
	return nil, hint.With(incomplete, "kubectl regprune rbac --for plan prints the permissions that are needed; to go without these kinds, at the risk of "+
		"images that only they name: --allow-partial-cluster-view="+strings.Join(incomplete.Kinds, ","))
}

// mostExamples is how many places an error names.
const mostExamples = 5

// unparsable is the error for references that a pod specification has, that nobody
// understands, and that may mean the registry. It is nil without such.
func unparsable(references []Reference, hosts Hosts) error {
	var bad []string
	for _, r := range references {
		if r.Status || !r.specified() || parseTemplate(r.Image, hosts) != nil || hosts.foreign(hostOf(r.Image)) {
			continue
		}
		if _, err := parseImage(r.Image); err != nil {
			s := r.Sites[0]
			bad = append(bad, fmt.Sprintf("%q in %s %q, %s", r.Image, s.Kind, strings.TrimPrefix(s.Namespace+"/"+s.Name, "/"), s.Field))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	text := strings.Join(bad[:min(len(bad), mostExamples)], "; ")
	if more := len(bad) - mostExamples; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return hint.With(errors.New("looking for images in use: these are no image references, so what they keep is unknown: "+text),
		"correct or delete these objects, or name their registries with --foreign-host")
}

// specified reports whether something starts the image, other than a text that
// happens to look like one.
func (r Reference) specified() bool {
	return slices.ContainsFunc(r.Sites, func(s Site) bool { return s.Why != Mentioned })
}
