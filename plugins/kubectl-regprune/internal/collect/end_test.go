package collect

import (
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

// A real collection that a killed run has left, and that waits for its configuration,
// is ended; a process that only mentions it is not.
func TestEndScript(t *testing.T) {
	for name, argv := range map[string][]string{
		"collection": {registrytest.Program(t, registrytest.V2), "garbage-collect", ""},
		"server":     {"sleep", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "config.yml")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			if argv[len(argv)-1] == "" {
				argv[len(argv)-1] = pipe
			}
			cmd := exec.Command(argv[0], argv[1:]...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				cmd.Wait()
				close(ended)
			}()
			defer cmd.Process.Kill()
			time.Sleep(100 * time.Millisecond) // until it has become the program
			run := disktest.OnlyProcess{Runner: disktest.Local{}, PID: cmd.Process.Pid}
			if err := run.Run(t.Context(), []string{"sh", "-c", endScript}, nil, io.Discard); err != nil {
				t.Error(err)
			}
			select {
			case <-ended:
				if name == "server" {
					t.Error("the server was ended")
				}
			case <-time.After(time.Second):
				if name == "collection" {
					t.Error("the collection runs on")
				}
			}
		})
	}
}
