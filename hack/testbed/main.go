// Testbed brings up a small but genuine Kubernetes cluster on this machine and
// takes it down again without a trace.
//
// Everything is a plain process started from here: etcd, kube-apiserver,
// controller manager, scheduler, containerd with runc, one real kubelet, kwok
// with fake nodes, and metrics-server. There is no registry, no cloud and no
// container engine to install; the programs come from hack/programs and the
// images are put together from Debian packages.
//
// The program uses the standard library only: it compiles in a second, and the
// module graph of the plugins stays free of Kubernetes itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const usage = `usage:
  testbed up [--only node,kwok,metrics] [--fake-nodes N]   bring up what is missing, wait until it works
  testbed down                                             end every process, remove every trace
  testbed status                                           say what runs; exits 1 unless all of it does
  testbed restart NAME                                     kill -9 one component and start it again
  testbed fake --pods N                                    run N fake pods in namespace "fake" on the kwok nodes
  testbed forget PREFIX                                    remove images from the node that it has pulled, by their names

The control plane always runs; --only picks what comes with it. The last line
that "up" prints is the KUBECONFIG to export. Needs Linux and root.
`

// parts that can be left out. Metrics-server watches the real node, so it
// brings the node with it.
var allParts = []string{"node", "kwok", "metrics"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "testbed: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return flag.ErrHelp
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	only := flags.String("only", strings.Join(allParts, ","), "")
	fakeNodes := flags.Int("fake-nodes", 2, "")
	fakePods := flags.Int("pods", 100, "")
	if err := flags.Parse(args[1:]); err != nil {
		return flag.ErrHelp
	}

	t, err := newTestbed()
	if err != nil {
		return err
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := t.load(); err != nil { // only now does nobody change it
		return err
	}

	switch args[0] {
	case "up":
		parts, err := parseParts(*only)
		if err != nil {
			return err
		}
		return t.up(ctx, parts, *fakeNodes)
	case "down":
		return t.down(ctx)
	case "status":
		return t.status(ctx)
	case "restart":
		return t.restart(ctx, flags.Arg(0))
	case "fake":
		return t.fake(ctx, *fakePods)
	case "forget":
		return t.forget(ctx, flags.Arg(0))
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("unknown command %q", args[0])
}

func parseParts(only string) ([]string, error) {
	var parts []string
	for part := range strings.SplitSeq(only, ",") {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
		case !slices.Contains(allParts, part):
			return nil, fmt.Errorf("unknown part %q in --only; there are: %s", part, strings.Join(allParts, ", "))
		case part == "metrics":
			parts = append(parts, "node", part)
		default:
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts), nil
}
