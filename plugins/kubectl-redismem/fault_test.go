package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// TestPortForwardCutInMidScan breaks every connection through the cluster after
// some bytes, in two ways. Each new one goes on where the last was cut.
func TestPortForwardCutInMidScan(t *testing.T) {
	const keys = 30_000
	server := redistest.Start(t)
	populate(t, server, keys)
	k := kubetest.Start(t, kubetest.Options{})
	k.Put(redisPod("default", "redis-0", ""))
	k.Forward("default/redis-0", 6379, server.Addr)
	config := filepath.Join(t.TempDir(), "kubeconfig")
	if err := k.Kubeconfig(config); err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]kubetest.Break{"cut": kubetest.Cut, "reset": kubetest.Reset} {
		k.Faults().Set(kubetest.Fault{On: "portforward", Break: way, After: 300_000})
		code, out, errOut := redismem(t.Context(), "--kubeconfig", config, "-o", "json")
		r := parsed(t, out)
		if code != cli.ExitOK || !r.Coverage.Complete || r.Totals.Keys != keys || r.Coverage.Repeats != 0 || r.Coverage.Reconnects < 2 {
			t.Errorf("%s: code %d, %+v\n%s", name, code, r.Coverage, errOut)
		}
		if !strings.Contains(errOut, "the connection was lost and resumed") {
			t.Errorf("%s: stderr does not tell:\n%s", name, errOut)
		}
	}
}
