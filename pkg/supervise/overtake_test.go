package supervise_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// tardy has the supervisor's process that waits for the client come to its first
// words only after a short command has ended, as happens on a busy node.
type tardy struct{ local }

func (r tardy) Run(ctx context.Context, req podexec.Request) podexec.Result {
	req.Stdin = &rewritten{Reader: req.Stdin, from: `echo "$kx_p"`, to: `sleep .3; echo "$kx_p"`}
	return r.local.Run(ctx, req)
}

// rewritten changes the program, which ends with an eval.
type rewritten struct {
	io.Reader
	from, to string
	text     []byte
	whole    bool
}

func (r *rewritten) Read(p []byte) (int, error) {
	for !r.whole {
		buf := make([]byte, 64<<10)
		n, err := r.Reader.Read(buf)
		if err != nil {
			return 0, err
		}
		r.text = append(r.text, buf[:n]...)
		if r.whole = bytes.Contains(r.text, []byte("\neval ")); r.whole {
			changed := bytes.Replace(r.text, []byte(r.from), []byte(r.to), 1)
			if bytes.Equal(changed, r.text) {
				return 0, fmt.Errorf("the supervisor has no %q", r.from)
			}
			r.text = changed
		}
	}
	if len(r.text) == 0 {
		return r.Reader.Read(p)
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

func (r *rewritten) Close() error { return r.Reader.(io.Closer).Close() }

// TestShortCommandLeavesItsChildrenAlone: what a short command has put into the
// background lives on, in whichever order the supervisor's processes get to run.
func TestShortCommandLeavesItsChildrenAlone(t *testing.T) {
	for _, name := range []string{"dash", "bash"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark := filepath.Join(t.TempDir(), "mark")
			res := supervise.New(tardy{local{sh: []string{lookup(t, name)}}}, supervise.Options{Grace: time.Second}).Run(t.Context(),
				supervise.Request{Command: supervise.Command{Argv: []string{"sh", "-c", "(sleep 1; echo >" + mark + ") >/dev/null 2>&1 &"}}})
			if res.Outcome != podexec.OK || !res.Verified {
				t.Fatalf("got %+v, want a verified OK", res)
			}
			for range 100 {
				if _, err := os.Stat(mark); err == nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Error("the background process was ended")
		})
	}
}
