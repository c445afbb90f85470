package registry_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// quick makes a client impatient.
func quick(o *registry.Options) {
	o.Retry.Wait, o.Retry.MaxWait = time.Millisecond, 3*time.Second
}

// heard collects what a client tells of its repetitions.
type heard struct {
	mu  sync.Mutex
	all []registry.Attempt
}

func (h *heard) option(o *registry.Options) {
	quick(o)
	o.OnRetry = func(a registry.Attempt) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all = append(h.all, a)
	}
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

// wants checks an error's kind, a piece of its text, and a piece of its hint.
func wants(t *testing.T, err, kind error, text, hinted string) {
	t.Helper()
	if kind != nil && !errors.Is(err, kind) || err == nil {
		t.Errorf("got %v, want a %v", err, kind)
		return
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("%q lacks %q", err, text)
	}
	if got := hint.Of(err); !strings.Contains(got, hinted) {
		t.Errorf("hint %q of %q lacks %q", got, err, hinted)
	}
}
