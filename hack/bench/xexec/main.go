// Command xexec measures kubectl xexec against its bars, and beside kubectl exec
// under xargs, which is what people use today, on the fake pods of hack/testbed.
// It prints tables in Markdown.
//
//	hack/testbed/testbed up && hack/testbed/testbed fake --pods 1000
//	TESTBED_KUBECONFIG=FILE go run ./hack/bench/xexec
//	TESTBED_KUBECONFIG=FILE go run ./hack/bench/xexec -only requests,interrupt
//
// The API server, its TLS and its connections to the nodes are genuine; kwok plays
// the kubelets and runs each command as a process of this machine, so the commands
// here are harmless ones. No time is believed before the answer is checked: a row
// for each pod with the outcome that it must have, or the bytes that were to come.
//
// A case that needs a flag which the plugin does not have is named and left out.
// Linux only: peak memory is read from /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
)

type options struct {
	kubeconfig, kubectl string
	pods                int
	only                string
	supervisor          string
	skipSlow            bool
}

// sections are the parts of the measurement, in their order.
var sections = []struct {
	name string
	run  func(context.Context, *bench) error
}{
	{"beside", besideXargs},
	{"memory", memory},
	{"sleep", sleeping},
	{"bulk", bulk},
	{"requests", requests},
	{"interrupt", interrupt},
}

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("TESTBED_KUBECONFIG"), "the cluster with the fake pods")
	flag.StringVar(&o.kubectl, "kubectl", "", "the kubectl to compare with (default: the pinned one)")
	flag.IntVar(&o.pods, "pods", 1000, "fake pods to run in; there must be as many")
	flag.StringVar(&o.only, "only", "", "sections to run, separated by commas: beside, memory, sleep, bulk, requests, interrupt (default: all)")
	flag.StringVar(&o.supervisor, "supervisor", "", "value of the plugin's --supervisor, if it has that flag")
	flag.BoolVar(&o.skipSlow, "skip-slow", false, "leave kubectl exec under xargs out: it takes a minute")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("error: ", err)
	}
}

func run(ctx context.Context, o options) error {
	if o.kubeconfig == "" {
		return errors.New("TESTBED_KUBECONFIG is not set; run hack/testbed/testbed up")
	}
	b, cleanup, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer cleanup()
	for _, s := range sections {
		if o.only != "" && !strings.Contains(","+o.only+",", ","+s.name+",") {
			continue
		}
		if err := s.run(ctx, b); err != nil {
			return fmt.Errorf("measuring %q: %w", s.name, err)
		}
	}
	return nil
}
