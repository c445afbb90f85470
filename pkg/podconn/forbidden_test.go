package podconn_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

func TestForbiddenTellsDenialsFromFailures(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		s.Deny(kubetest.Rule{Resource: "pods/portforward"})
		if _, err := dialer(t, s).DialContext(within(t, 10*time.Second), "tcp", "pod/web-0:80"); !podconn.Forbidden(err) {
			t.Errorf("denied: %v", err)
		}
	})
	if podconn.Forbidden(nil) || podconn.Forbidden(errors.New(`pods "x" is forbidden: no`)) {
		t.Error("words alone are taken for a denial")
	}
}
