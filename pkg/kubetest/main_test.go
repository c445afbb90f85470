package kubetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// TestMain lets one habit of client-go pass, which these tests use on purpose:
// its heartbeat outlives the connection by up to five seconds.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, append(kubetest.UpstreamLeaks(),
		goleak.IgnoreTopFunction("k8s.io/client-go/tools/remotecommand.(*heartbeat).start"))...)
}
