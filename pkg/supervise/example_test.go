package supervise_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// The environment travels on stdin, and the end of the command is proven.
func Example() {
	s, err := kubetest.New(kubetest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	s.Put(kubetest.Pod("default", "web-0", "app"))
	client, err := podexec.New(s.RESTConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	res := supervise.New(client, supervise.Options{}).Run(context.Background(), supervise.Request{
		Namespace: "default", Pod: "web-0", Container: "app",
		Command: supervise.Command{
			Argv: []string{"sh", "-c", "echo $GREETING from $HOSTNAME; exit 3"},
			Env:  []supervise.Var{{Name: "GREETING", Value: "hello"}},
		},
		Stdout: os.Stdout, Stderr: os.Stderr, Timeout: time.Minute,
	})
	fmt.Println(res.Outcome, res.ExitCode, res.Verified)
	// Output:
	// hello from web-0
	// failed 3 true
}
