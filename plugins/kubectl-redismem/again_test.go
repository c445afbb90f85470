package main

import (
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

func TestAgainNeverRepeatsAToken(t *testing.T) {
	s, _, _, _ := streams.Test()
	fs := newCommand(s).Flags()
	if err := fs.Parse([]string{"--token", "s3cr3t", "--port", "1", "-n", "x", "--password-file", "a b"}); err != nil {
		t.Fatal(err)
	}
	if got, want := again(fs, "x"), "kubectl redismem -n x --password-file 'a b' --token TOKEN"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
