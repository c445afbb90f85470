package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// Pod runs commands in a container of a pod, supervised where it has a shell: what
// the client leaves behind, however it ends, is ended there.
type Pod struct {
	runner                    *supervise.Runner
	namespace, pod, container string
}

// NewPod prepares a Pod. It opens no connection.
func NewPod(exec supervise.Execer, namespace, pod, container string) *Pod {
	return &Pod{supervise.New(exec, supervise.Options{}), namespace, pod, container}
}

// Run is as Runner has it. Its errors wrap those of podexec.
func (p *Pod) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	stderr := &tail{}
	res := p.runner.Run(ctx, supervise.Request{
		Namespace: p.namespace, Pod: p.pod, Container: p.container,
		Command: supervise.Command{Argv: argv}, Stdin: stdin, Stdout: stdout, Stderr: stderr,
	})
	where := fmt.Sprintf("running %q in pod \"%s/%s\"", argv[0], p.namespace, p.pod)
	switch res.Outcome {
	case podexec.OK:
		return nil
	case podexec.Failed:
		return fmt.Errorf("%s: %w", where, &ExitError{res.ExitCode, stderr.String()})
	case podexec.NotStarted:
		if res.ExitCode == 126 || res.ExitCode == 127 {
			return fmt.Errorf("%s: %w: %s", where, ErrNoTools, res.Reason)
		}
	}
	if res.Err == nil {
		res.Err = errors.New(res.Reason)
	}
	return fmt.Errorf("%s: %s: %w", where, res.Outcome, res.Err)
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }
