package analysis

import (
	"math"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// TestResidual is the promise: on data at rest, no more than 3 % of used memory is
// not explained if all elements are sized, and 5 % if a few are.
func TestResidual(t *testing.T) {
	for _, k := range redistest.Kinds {
		t.Run(k.Name, func(t *testing.T) {
			s := redistest.Start(t)
			redistest.Fill(t, client(t, s), k.N, k.Make)
			for _, o := range []struct {
				samples int
				mode    string
				percent float64
			}{{scan.AllElements, report.Full, 3}, {0, report.Full, 5}, {0, report.Keys, 5}} {
				r, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}},
					Options{DB: redisconn.AllDatabases, Samples: o.samples, Sampling: o.mode, sample: 10_000})
				if err != nil || r.Accounting == nil {
					t.Fatal(r, err)
				}
				share := 100 * float64(r.Accounting.Residual) / float64(r.Accounting.Used)
				t.Logf("samples %d, %s: %.2f %%", o.samples, o.mode, share)
				if math.Abs(share) > o.percent {
					t.Errorf("samples %d, %s: %.2f %% is not explained: %+v", o.samples, o.mode, share, r.Accounting.Items)
				}
			}
		})
	}
}
