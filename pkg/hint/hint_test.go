package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

func TestHintTravelsWithTheError(t *testing.T) {
	err := fmt.Errorf("reading config: %w", hint.With(fs.ErrNotExist, "set KUBECONFIG"))
	if got := hint.Of(err); got != "set KUBECONFIG" {
		t.Errorf("Of() = %q, want the hint", got)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("errors.Is does not see through the hint")
	}
	if got, want := err.Error(), "reading config: file does not exist"; got != want {
		t.Errorf("Error() = %q, want %q: a hint is not part of the message", got, want)
	}
}

func TestNearestHintWins(t *testing.T) {
	err := hint.With(hint.With(fs.ErrNotExist, "inner"), "outer")
	if got := hint.Of(err); got != "outer" {
		t.Errorf("Of() = %q, want outer", got)
	}
}

func TestNothingToSay(t *testing.T) {
	if hint.With(nil, "x") != nil {
		t.Error("With(nil) is not nil")
	}
	if hint.With(fs.ErrNotExist, "") != fs.ErrNotExist {
		t.Error("an empty hint wraps the error")
	}
	if got := hint.Of(fs.ErrNotExist); got != "" {
		t.Errorf("Of() = %q, want none", got)
	}
}
