package supervise_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestMain(m *testing.M) {
	// Tests choose the transport themselves.
	if err := os.Unsetenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...)
}
