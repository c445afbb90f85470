package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/cmd/util/sanity"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// kubectl's own rules for commands hold for this one, and a flag means the same
// wherever it is.
func TestSanity(t *testing.T) {
	s, _, _, _ := streams.Test()
	cmd := newCommand(s)
	for _, err := range append(sanity.RunCmdChecks(cmd, sanity.AllCmdChecks, nil), sanity.RunGlobalChecks(sanity.AllGlobalChecks)...) {
		t.Error(err)
	}
	for _, sub := range cmd.Commands() {
		if name := strings.Fields(sub.Use)[0]; sub.Short == "" || strings.HasSuffix(sub.Short, ".") || !strings.Contains(strings.Join(verbs, "\n"), "kubectl regprune "+name) {
			t.Errorf("%s: %q, or it is not in the usage", name, sub.Short)
		}
	}
}

// Completion offers verbs, and never answers with an error.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{{[]string{""}, "apply"}, {[]string{"r"}, "restore"}, {[]string{"apply", "--res"}, "--resume"}, {[]string{"--keep-l"}, "--keep-last"}} {
		s, _, out, errOut := streams.Test()
		code := cli.Run(t.Context(), newCommand(s), s, append([]string{cobra.ShellCompNoDescRequestCmd}, c.args...))
		if lines := strings.Split(out.String(), "\n"); code != 0 || !slices.Contains(lines, c.want) {
			t.Errorf("%q: exit code %d, %q, %s", c.args, code, lines, errOut)
		}
	}
}
