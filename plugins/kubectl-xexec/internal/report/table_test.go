package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
)

func TestTable(t *testing.T) {
	at := time.Unix(1, 0)
	on := func(namespace, pod string) resolve.Target {
		return resolve.Target{Context: "c", Namespace: namespace, Pod: pod, Node: "n1", Container: "app"}
	}
	rows := []said{
		{engine.Result{Target: on("prod", "web-0"), Outcome: podexec.OK, StartedAt: at, Duration: 1250 * time.Millisecond}, "\n  PONG \x1b[31mred\nmore\n", "talk"},
		{engine.Result{Target: on("prod", "web-1"), Outcome: podexec.Failed, ExitCode: 7, StartedAt: at}, "half\n", "no such file\r\n"},
		{engine.Result{Target: on("prod", "web-2"), Outcome: podexec.Lost, ExitCode: engine.Unknown, StartedAt: at, Reason: "connection reset"}, "half\n", ""},
		{engine.Result{Target: on("prod", "web-3"), Outcome: podexec.OK, StartedAt: at}, strings.Repeat("ö", 100_000), ""},
		{engine.Result{Target: on("prod", "web-4"), Outcome: engine.Skipped, ExitCode: engine.Unknown, Reason: "the pod is Pending"}, "", ""},
	}
	rows[4].Target.Container, rows[4].Target.Node = "", ""
	const want = "" +
		"POD    NODE  OUTCOME  CODE  TIME  OUTPUT\n" +
		"web-0  n1    ok          0  1.2s  PONG \\x1b[31mred\n" +
		"web-1  n1    failed      7  0.0s  no such file\n" +
		"web-2  n1    lost        -  0.0s  connection reset\n" +
		"web-3  n1    ok          0  0.0s  öööööööööööööööööööööööööööööööööööööö…\n" +
		"web-4        skipped     -     -  the pod is Pending\n"
	if diff := cmp.Diff(want, write(t, report.Options{Format: report.Table, Width: 73}, 0, []int{4, 3, 2, 1, 0}, rows...)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	rows[1].Target.Namespace, rows[2].Target.Context, rows[3].Target.Container = "test", "d", "side"
	got := write(t, report.Options{Format: report.Table}, 0, nil, rows...)
	if header, _, _ := strings.Cut(got, "\n"); strings.Join(strings.Fields(header), " ") != "CONTEXT NAMESPACE POD CONTAINER NODE OUTCOME CODE TIME OUTPUT" {
		t.Errorf("columns %q", header)
	}
	if line := strings.Split(got, "\n")[4]; len(line) > 1200 || !strings.HasSuffix(line, "ö…") {
		t.Errorf("a line of %d bytes although nobody can read it", len(line))
	}
}
