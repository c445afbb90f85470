package podexec_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// leakVar makes the test binary run a thousand commands, cancel every other one, and
// print what is left of them in its own process.
const leakVar = "PODEXEC_TEST_LEAKS"

const thousand = 1000

func leakChild() int {
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return 9
	}
	c, err := podexec.New(cfg)
	if err != nil {
		return 9
	}
	runs(c, 2) // what is made once and kept
	goroutines, files := runtime.NumGoroutine(), openFiles()
	runs(c, thousand)
	for range 50 { // connections close after the fact
		if runtime.NumGoroutine() <= goroutines && openFiles() <= files {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("%d goroutines, %d files left\n", max(runtime.NumGoroutine()-goroutines, 0), max(openFiles()-files, 0))
	return 0
}

// runs runs n commands, 32 at once, and cancels every other one on the way.
func runs(c *podexec.Client, n int) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			word := "end"
			if i%2 == 1 {
				word = "hang"
				time.AfterFunc(time.Duration(i%50)*time.Millisecond, cancel)
			}
			c.Run(ctx, podexec.Request{Namespace: "default", Pod: "web-0", Container: "app", Command: []string{word}, Stdout: io.Discard})
		})
	}
	wg.Wait()
}

// openFiles counts this process's files, by /dev/fd, which Linux and macOS have.
func openFiles() int {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

func TestThousandCommandsLeaveNothing(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, ws := range []string{"true", "false"} {
		t.Run("websockets="+ws, func(t *testing.T) {
			s := kubetest.Start(t, kubetest.Options{})
			s.Put(kubetest.Pod("default", "web-0", "app"))
			s.Container("default/web-0/app", kubetest.Container{
				Start: func(ctx context.Context, cmd []string, _ io.Reader, stdout, _ io.Writer) (int, error) {
					fmt.Fprintln(stdout, "here")
					if cmd[0] == "hang" {
						select {
						case <-ctx.Done():
						case <-time.After(200 * time.Millisecond):
						}
					}
					return 0, nil
				},
			})
			kubeconfig := t.TempDir() + "/config"
			if err := s.Kubeconfig(kubeconfig); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), leakVar+"=1", "KUBECONFIG="+kubeconfig, offSwitch+"="+ws)
			var out, errOut bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errOut
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errOut.String())
			}
			if got := out.String(); got != "0 goroutines, 0 files left\n" || errOut.Len() > 0 {
				t.Errorf("after %d commands: %s%s", thousand, got, errOut.String())
			}
		})
	}
}
