package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestNothingIsPushedUnlessTheRunIsOver: where it cannot be written down, the restore
// stops before it pushes anything.
func TestNothingIsPushedUnlessTheRunIsOver(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), journalFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil { // which makes writing fail
		t.Fatal(err)
	}
	r := &restorer{opts: RestoreOptions{Parallel: 1}, ending: &ending{journal: &Journal{file: f}}} // no target: a push would panic
	rr := &repoRestorer{restorer: r}
	outcomes, err := each(t.Context(), r, make([]Manifest, 5), func(ctx context.Context, _ Manifest) Outcome { return rr.put(ctx, Outcome{}, "tag", nil) })
	if !errors.Is(err, errNotEnded) || !errors.Is(err, os.ErrClosed) || len(outcomes) == 0 {
		t.Errorf("%+v, %v", outcomes, err)
	}
	for _, o := range outcomes {
		if o.Status != Failed {
			t.Errorf("%+v", o)
		}
	}
}
