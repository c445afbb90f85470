package podexec_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// cluster starts a stand-in for a cluster with one pod in it.
func cluster() *kubetest.Server {
	s, err := kubetest.New(kubetest.Options{})
	if err != nil {
		panic(err)
	}
	s.Put(kubetest.Pod("default", "web-0", "app"))
	return s
}

func Example() {
	s := cluster()
	defer s.Close()

	client, err := podexec.New(s.RESTConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	res := client.Run(context.Background(), podexec.Request{
		Namespace: "default", Pod: "web-0", Container: "app",
		Command: []string{"sh", "-c", "echo hello from $HOSTNAME; exit 3"},
		Stdout:  os.Stdout, Stderr: os.Stderr,
	})
	fmt.Println(res.Outcome, res.ExitCode)
	// Output:
	// hello from web-0
	// failed 3
}

// A connection that breaks is never a success, whatever arrived before.
func ExampleClient_Run_lost() {
	s := cluster()
	defer s.Close()
	s.Faults().Set(kubetest.Fault{On: "exec", Break: kubetest.NoStatus})

	client, err := podexec.New(s.RESTConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	res := client.Run(context.Background(), podexec.Request{
		Namespace: "default", Pod: "web-0", Command: []string{"echo", "all is well"}, Stdout: os.Stdout,
	})
	fmt.Printf("%s: %s\n", res.Outcome, res.Reason)
	// Output:
	// all is well
	// lost: the connection ended without an exit code
}

// The deadline of the context is the command's. Input is read from any reader.
func ExampleClient_Run_input() {
	s := cluster()
	defer s.Close()

	client, err := podexec.New(s.RESTConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	res := client.Run(ctx, podexec.Request{
		Namespace: "default", Pod: "web-0", Command: []string{"tr", "a-z", "A-Z"},
		Stdin: strings.NewReader("quietly\n"), Stdout: os.Stdout,
	})
	fmt.Println(res.Outcome)
	// Output:
	// QUIETLY
	// ok
}
