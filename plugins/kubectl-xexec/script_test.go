package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest/scripttest"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kubectl-xexec": func() { os.Exit(cli.Main(newCommand)) },
		// Completion asks the binary under this name.
		"kubectl_complete-xexec": func() { os.Exit(cli.Main(newCommand)) },
	})
}

// TestScripts runs the real command against a server of its own for each script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"deny": scripttest.Deny(server), "fault": fault, "upgrades": upgrades, "requests": scripttest.Requests(server), "scrub": scrub, "code": scripttest.Code,
			"another": another, "pod": pod,
		},
	})
}

type serverKey struct{}

// setup gives a script a cluster, a kubeconfig and an empty home.
func setup(env *testscript.Env) error {
	server, err := kubetest.New(kubetest.Options{Objects: scene()})
	if err != nil {
		return err
	}
	env.Defer(server.Close)
	server.Container("default/bare/app", kubetest.Container{Programs: []string{}})
	env.Values[serverKey{}] = server
	config := filepath.Join(env.WorkDir, "kubeconfig")
	env.Setenv("KUBECONFIG", config)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("KUBERC", "off")
	return server.Kubeconfig(config)
}

func server(ts *testscript.TestScript) *kubetest.Server {
	return ts.Value(serverKey{}).(*kubetest.Server)
}

// fault cut|reset|stall|no-status|abnormal|CODE [BYTES] breaks every exec.
func fault(ts *testscript.TestScript, _ bool, args []string) {
	f := kubetest.Fault{On: "exec"}
	breaks := map[string]kubetest.Break{
		"cut": kubetest.Cut, "reset": kubetest.Reset, "stall": kubetest.Stall, "no-status": kubetest.NoStatus, "abnormal": kubetest.Abnormal,
	}
	var known bool
	if f.Break, known = breaks[args[0]]; !known {
		var err error
		f.Code, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	if len(args) > 1 {
		n, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		f.After = n
	}
	server(ts).Faults().Set(f)
}

// upgrades N checks how many exec requests the server has seen.
func upgrades(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := server(ts).Recorder().Upgrades("exec"); got != want {
		ts.Fatalf("%d exec requests reached the server, want %d", got, want)
	}
}

// volatile are the parts of the output that differ from run to run.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`("?startedAt"?: ?)"[^"]+"`), `$1"T"`},
	{regexp.MustCompile(`("?durationSeconds"?: ?)[0-9.e-]+`), `${1}0`},
	{regexp.MustCompile(`\b\d+\.\ds\b`), `0.0s`},
	{regexp.MustCompile(`\b\d{6}-\d{6}-[a-z0-9]{4}\b`), `RUN`},
	{regexp.MustCompile(`RUN( ?\(| +)\d+s`), `RUN${1}0s`},
	{regexp.MustCompile(`http(s?)://127\.0\.0\.1:\d+`), `http$1://SERVER`},
}

// scrub stdout|stderr FILE saves the last command's output for cmp, without what
// differs from run to run. Lines are sorted if a third argument says so.
func scrub(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	if len(args) > 2 && args[2] == "sorted" {
		lines := strings.SplitAfter(text, "\n")
		slices.Sort(lines)
		text = strings.Join(lines, "")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
