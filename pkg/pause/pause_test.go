package pause_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

func TestForWaitsOrTellsWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := pause.For(t.Context(), time.Hour); err != nil || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(why) })
		start = time.Now()
		if err := pause.For(ctx, time.Hour); !errors.Is(err, why) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		for _, d := range []time.Duration{-1, 0, time.Hour} {
			if err := pause.For(ctx, d); !errors.Is(err, why) {
				t.Errorf("%v: %v", d, err)
			}
		}
		if err := pause.For(t.Context(), -1); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryCallsUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+1)
		defer cancel()
		calls := 0
		pause.Every(ctx, time.Second, func() { calls++ })
		if calls != 10 {
			t.Errorf("%d calls", calls)
		}
	})
}
