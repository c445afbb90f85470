package disktest

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// OnlyProcess hides all processes but one from a script that looks through /proc, as
// a container does.
type OnlyProcess struct {
	disk.Runner
	PID int
}

// Run is as disk.Runner has it.
func (o OnlyProcess) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	argv = append([]string(nil), argv...)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "/proc/[0-9]*", "/proc/"+strconv.Itoa(o.PID))
	}
	return o.Runner.Run(ctx, argv, stdin, stdout)
}
