package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

func run(ctx context.Context, runE func(*cobra.Command, []string) error, args ...string) (code int, out, errOut *bytes.Buffer) {
	s, _, out, errOut := streams.Test()
	root := &cobra.Command{
		Use: "kubectl-x", Args: cobra.NoArgs, RunE: runE,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl x"},
	}
	root.AddCommand(NewVersionCommand(s))
	return Run(ctx, root, s, args), out, errOut
}

func TestExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted{syscall.SIGINT})
	for _, tc := range []struct {
		name string
		ctx  context.Context
		err  error
		args []string
		code int
		want string
	}{
		{name: "success", code: 0},
		{name: "failure", err: errors.New("no such thing"), code: 1, want: "error: no such thing\n"},
		{name: "hint", err: hint.With(errors.New("no such thing"), "try another"), code: 1, want: "error: no such thing\nhint: try another\n"},
		{name: "own code", err: WithCode(errors.New("nothing matched"), ExitNothing), code: 3, want: "error: nothing matched\n"},
		{name: "wrapped code", err: fmt.Errorf("a: %w", WithCode(errors.New("b"), ExitPartial)), code: 4, want: "error: a: b\n"},
		{name: "silent", err: Exit(42), code: 42},
		{name: "usage points to help", err: Usagef("missing %q", "--"), code: 2, want: "error: missing \"--\"\nhint: see 'kubectl x --help'\n"},
		{name: "usage with its own hint", err: hint.With(Usagef("bad"), "do this"), code: 2, want: "error: bad\nhint: do this\n"},
		{name: "unknown flag", args: []string{"--nope"}, code: 2, want: "error: unknown flag: --nope\nhint: see 'kubectl x --help'\n"},
		{name: "unknown command", args: []string{"nope"}, code: 2, want: "error: unknown command \"nope\" for \"kubectl x\"\nhint: see 'kubectl x --help'\n"},
		{name: "interrupted", ctx: cancelled, err: fmt.Errorf("scanning: %w", context.Canceled), code: 130, want: "error: interrupted (interrupt)\n"},
		{name: "cancelled but not by a signal", err: context.Canceled, code: 1, want: "error: context canceled\n"},
		{name: "a code of its own survives the interrupt", ctx: cancelled, err: WithCode(context.Canceled, ExitPartial), code: 4, want: "error: context canceled\n"},
		{name: "hostile text", err: errors.New("pod said \x1b[2Jboo\nsecond line\n"), code: 1, want: "error: pod said \\x1b[2Jboo\n  second line\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := tc.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			code, out, errOut := run(ctx, func(*cobra.Command, []string) error { return tc.err }, tc.args...)
			if code != tc.code || errOut.String() != tc.want {
				t.Errorf("code %d, stderr %q; want %d, %q", code, errOut, tc.code, tc.want)
			}
			if out.Len() != 0 {
				t.Errorf("stdout = %q, want nothing: it is for data", out)
			}
		})
	}
}

func TestNilErrorsStayNil(t *testing.T) {
	if WithCode(nil, 3) != nil || Exit(0) != nil {
		t.Error("success became an error")
	}
}

func TestVersion(t *testing.T) {
	code, out, _ := run(context.Background(), nil, "version", "-o", "json")
	var v VersionInfo
	if err := json.Unmarshal(out.Bytes(), &v); err != nil || code != 0 {
		t.Fatalf("code %d, %v: %q", code, err, out)
	}
	if v.Version == "" || !strings.HasPrefix(v.GoVersion, "go") || !strings.Contains(v.Platform, "/") {
		t.Errorf("incomplete version: %+v", v)
	}
	if code, _, errOut := run(context.Background(), nil, "version", "-o", "xml"); code != ExitUsage || !strings.Contains(errOut.String(), `"xml"`) {
		t.Errorf("-o xml: code %d, stderr %q", code, errOut)
	}
}

func TestLibrariesAreQuietUnlessAsked(t *testing.T) {
	noise := func(*cobra.Command, []string) error {
		klog.Error("an error that client-go logs")
		klog.V(4).Info("a detail")
		utilruntime.HandleError(errors.New("lost connection to pod"))
		klog.Flush()
		return nil
	}
	if _, out, errOut := run(context.Background(), noise); out.Len()+errOut.Len() != 0 {
		t.Errorf("wrote %q and %q, want silence", out, errOut)
	}
	_, out, errOut := run(context.Background(), noise, "-v", "4")
	for _, want := range []string{"an error that client-go logs", "a detail", "lost connection to pod"} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("-v 4: stderr lacks %q: %q", want, errOut)
		}
	}
	if out.Len() != 0 {
		t.Errorf("-v 4 wrote to stdout: %q", out)
	}
}

func TestVerbosityThatLeaksIsLowered(t *testing.T) {
	var enabled bool
	_, _, errOut := run(context.Background(), func(*cobra.Command, []string) error {
		enabled = klog.V(7).Enabled()
		return nil
	}, "-v=9")
	if enabled || !strings.Contains(errOut.String(), "lowered to 6") {
		t.Errorf("level 7 enabled = %v, stderr %q", enabled, errOut)
	}
	if code, _, _ := run(context.Background(), nil, "-v=chatty"); code != ExitUsage {
		t.Errorf("-v=chatty: code %d, want %d", code, ExitUsage)
	}
}

func TestCompletionName(t *testing.T) {
	got := completionArgs([]string{"/usr/bin/kubectl_complete-x", "po", ""})
	if len(got) != 3 || got[0] != cobra.ShellCompRequestCmd || got[1] != "po" {
		t.Errorf("completionArgs() = %q", got)
	}
	if got := completionArgs([]string{"kubectl-x", "a"}); len(got) != 1 || got[0] != "a" {
		t.Errorf("completionArgs() = %q", got)
	}
}
