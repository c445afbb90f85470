package supervise_test

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// local runs commands on this machine, as a container runtime would, with a shell
// of the test's choice as sh.
type local struct {
	sh      []string
	noGroup bool // leaves the process in the test's own group
	env     []string
}

func (l local) Run(ctx context.Context, req podexec.Request) (res podexec.Result) {
	res = podexec.Result{ExitCode: -1, StartedAt: time.Now(), Requests: 1, Outcome: podexec.Lost}
	argv := append(append([]string{}, l.sh...), req.Command[1:]...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Cancel = func() error { return nil } // ended by its stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: !l.noGroup}
	cmd.WaitDelay = 5 * time.Second // what stays in the background may keep the output
	cmd.Stdout, cmd.Stderr, cmd.Env = req.Stdout, req.Stderr, l.env
	in, err := cmd.StdinPipe()
	if err != nil {
		res.Err = err
		return res
	}
	if err := cmd.Start(); err != nil {
		res.Err = err
		return res
	}
	defer func() {
		if c, ok := req.Stdin.(io.Closer); ok {
			c.Close() // as podexec does
		}
	}()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := req.Stdin.Read(buf)
			if _, werr := in.Write(buf[:n]); err != nil || werr != nil {
				break
			}
		}
		in.Close()
	}()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		in.Close()
		<-ended
		res.Reason = "interrupted"
		return res
	}
	res.Outcome, res.ExitCode = podexec.OK, 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		res.Outcome, res.ExitCode = podexec.Failed, exit.ExitCode()
		if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() {
			res.ExitCode = 128 + int(st.Signal())
		}
	}
	return res
}
