package access

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// listed is how many namespaces a summary names.
const listed = 3

// Summary is one error about all denied of total targets, or nil if there are none.
// Its hint has the command that checks the first of the missing permissions, with
// args (see kube.Flags.Args), and the rule that a Role needs to grant it.
func Summary(denied []Denied, total int, args ...string) error {
	if len(denied) == 0 {
		return nil
	}
	first := denied[0]
	what := "not allowed to run commands"
	if total == 1 {
		what += fmt.Sprintf(" in pod %q in namespace %q", first.Target.Pod, first.Target.Namespace)
	} else {
		what += fmt.Sprintf(" in %d of %d targets: %s", len(denied), total, places(denied))
	}
	command := append([]string{"kubectl", "auth", "can-i", first.Verb, pods, "--subresource=" + exec, "-n", first.Target.Namespace}, args...)
	return hint.With(errors.New(what), fmt.Sprintf("check with '%s'; a Role that allows it has the rule %s",
		strings.Join(command, " "), Rule(verbsOf(denied)...)))
}

// Rule is a rule of a Role that allows verbs on pods/exec, as YAML on one line.
func Rule(verbs ...string) string {
	return fmt.Sprintf(`{apiGroups: [""], resources: [%s/%s], verbs: [%s]}`, pods, exec, strings.Join(verbs, ", "))
}

// places counts the denied by namespace.
func places(denied []Denied) string {
	var order []string
	counts := map[string]int{}
	for _, d := range denied {
		ns := d.Target.Namespace
		if counts[ns] == 0 {
			order = append(order, ns)
		}
		counts[ns]++
	}
	if len(order) == 1 {
		return fmt.Sprintf("namespace %q", order[0])
	}
	var parts []string
	for _, ns := range order[:min(listed, len(order))] {
		parts = append(parts, fmt.Sprintf("%d in namespace %q", counts[ns], ns))
	}
	if more := len(order) - listed; more > 0 {
		left := len(denied)
		for _, ns := range order[:listed] {
			left -= counts[ns]
		}
		parts = append(parts, fmt.Sprintf("%d in %d more", left, more))
	}
	return strings.Join(parts, ", ")
}

// verbsOf are the missing verbs, each once.
func verbsOf(denied []Denied) []string {
	var verbs []string
	seen := map[string]bool{}
	for _, d := range denied {
		if !seen[d.Verb] {
			seen[d.Verb] = true
			verbs = append(verbs, d.Verb)
		}
	}
	return verbs
}
