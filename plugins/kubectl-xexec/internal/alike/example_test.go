package alike_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
)

// Three pods say who they are, and one of them something else besides.
func Example() {
	ids := []alike.Identity{{Pod: "web-0", IP: "10.0.0.10"}, {Pod: "web-1", IP: "10.0.0.11"}, {Pod: "web-2", IP: "10.0.0.12"}}
	written := []string{"web-0 listens on 10.0.0.10\n", "web-1 listens on 10.0.0.11\n", "web-2 listens on 127.0.0.1\n"}
	verdict := alike.Verdict{Outcome: "ok"}

	var members []alike.Member
	for i, id := range ids {
		h := alike.NewHasher(id, 0)
		fmt.Fprint(h.Stdout(), written[i])
		members = append(members, alike.Member{Name: id.Pod, Verdict: verdict, Sum: h.Sum(verdict)})
	}
	source := func(i int) (alike.Output, error) {
		return alike.Output{Identity: ids[i], Stdout: strings.NewReader(written[i])}, nil
	}
	if err := alike.RenderDiff(os.Stdout, alike.GroupBy(members), source, alike.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ── 2 pods · exit 0 · 01053f01 ──
	// web-[0-1]
	// masked in each: pod name ×1, pod IP ×1
	//
	// ── 1 pod · exit 0 · bbee39e5 ──
	// web-2
	// --- stdout of the 2 pods
	// +++ stdout of this pod
	// @@ -1 +1 @@
	// -<pod> listens on <ip>
	// +<pod> listens on 127.0.0.1
}
