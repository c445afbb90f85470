package main

import (
	"testing"

	"k8s.io/kubectl/pkg/cmd/util/sanity"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// kubectl's own rules for commands hold for this one.
func TestSanity(t *testing.T) {
	s, _, _, _ := streams.Test()
	cmd := newCommand(s)
	for _, err := range append(sanity.RunCmdChecks(cmd, sanity.AllCmdChecks, nil), sanity.RunGlobalChecks(sanity.AllGlobalChecks)...) {
		t.Error(err)
	}
	for _, name := range []string{"container", "namespace", "output", "prefix", "color"} {
		if _, ok := cmd.GetFlagCompletionFunc(name); !ok {
			t.Errorf("--%s has no completion", name)
		}
	}
}
