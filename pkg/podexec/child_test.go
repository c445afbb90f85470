package podexec_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// childVar makes the test binary run commands instead of tests. It names how
// many; the kubeconfig is the usual one.
const childVar = "PODEXEC_TEST_CHILD"

func child() int {
	n, err := strconv.Atoi(os.Getenv(childVar))
	if err != nil {
		return 9
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return 9
	}
	c, err := podexec.New(cfg)
	if err != nil {
		return 9
	}
	for i := range n {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(100+i%3*200)*time.Millisecond)
		req := podexec.Request{
			Namespace: "default", Pod: "web-0", Container: "app",
			Command: []string{"sh", "-c", "head -c 3000 /dev/zero; sleep 0." + strconv.Itoa(i%5)}, Stdout: io.Discard,
		}
		res := c.Run(ctx, req)
		cancel()
		fmt.Println(res.Outcome)
	}
	time.Sleep(6 * time.Second) // until a forgotten heartbeat would have complained
	return 0
}

// TestNothingIsLogged runs the client in a process of its own, because the
// server's handlers log to the same klog.
func TestNothingIsLogged(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	klogLine := regexp.MustCompile(`(?m)^[IWEF]\d{4} `)
	for _, ws := range []string{"true", "false"} {
		t.Run("websockets="+ws, func(t *testing.T) {
			t.Parallel()
			s := kubetest.Start(t, kubetest.Options{})
			s.Put(kubetest.Pod("default", "web-0", "app"))
			kubeconfig := t.TempDir() + "/config"
			if err := s.Kubeconfig(kubeconfig); err != nil {
				t.Fatal(err)
			}
			breaks := []kubetest.Fault{
				{}, {Break: kubetest.Cut, After: 1000}, {Break: kubetest.Reset, After: 2000}, {Break: kubetest.Stall, After: 900},
				{Break: kubetest.NoStatus}, {Break: kubetest.Abnormal}, {Break: kubetest.SplitStatus}, {Code: 403},
				{Code: 429, RetryAfter: time.Second}, {Code: 500, Plain: true}, {Break: kubetest.Cut}, {Break: kubetest.Stall},
			}
			var i atomic.Int64
			s.Faults().Func(func(*http.Request) kubetest.Fault { return breaks[int(i.Add(1))%len(breaks)] })
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), childVar+"=36", "KUBECONFIG="+kubeconfig, offSwitch+"="+ws)
			var out, errOut bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errOut
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errOut.String())
			}
			if bytes.Count(out.Bytes(), []byte("\n")) != 36 {
				t.Errorf("output %q", out.String())
			}
			if errOut.Len() > 0 || klogLine.Match(out.Bytes()) {
				t.Errorf("the client wrote to stderr:\n%s", errOut.String())
			}
		})
	}
}
