package podexec_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	if os.Getenv(leakVar) != "" {
		os.Exit(leakChild())
	}
	if err := os.Setenv(spdyOnly, "false"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...)
}
