package pick

import (
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// column is a property of targets; optional ones are shown if targets differ in
// them.
type column struct {
	header   string
	optional bool
	of       func(resolve.Target) string
}

var columns = []column{
	{"POD", false, func(t resolve.Target) string { return t.Pod }},
	{"CONTAINER", false, func(t resolve.Target) string { return t.Container }},
	{"NAMESPACE", true, func(t resolve.Target) string { return t.Namespace }},
	{"CONTEXT", true, func(t resolve.Target) string { return t.Context }},
	{"NODE", false, func(t resolve.Target) string { return t.Node }},
	{"WORKLOAD", true, func(t resolve.Target) string { return t.Workload }},
}

// Targets makes a table whose rows are the targets, in their order.
func Targets(targets []resolve.Target) Table {
	t := Table{
		Title: fmt.Sprintf("%d targets match; type to filter, arrows move, Enter chooses, Esc leaves", len(targets)),
		Rows:  make([][]string, len(targets)),
	}
	for _, c := range columns {
		if c.optional && alike(targets, c.of) {
			continue
		}
		t.Header = append(t.Header, c.header)
		for i, target := range targets {
			t.Rows[i] = append(t.Rows[i], c.of(target))
		}
	}
	return t
}

func alike(targets []resolve.Target, of func(resolve.Target) string) bool {
	for _, t := range targets {
		if of(t) != of(targets[0]) {
			return false
		}
	}
	return true
}
