package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kubectl-redismem": func() { os.Exit(cli.Main(newCommand)) },
	})
}

// TestScripts runs the real command against real servers, directly and through
// the port-forward of an API server of its own for each script.
func TestScripts(t *testing.T) {
	servers := startServers(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setup(env, servers) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"deny": deny, "code": code, "requests": requests,
		},
	})
}

type serverKey struct{}

// setup gives a script a cluster, a kubeconfig, an empty home and the addresses
// of the servers in OPEN, LOCKED, TLS and MEMCACHED.
func setup(env *testscript.Env, s *servers) error {
	server, err := kubetest.New(kubetest.Options{Objects: scene()})
	if err != nil {
		return err
	}
	env.Defer(server.Close)
	s.forward(server)
	env.Values[serverKey{}] = server
	config := filepath.Join(env.WorkDir, "kubeconfig")
	env.Setenv("KUBECONFIG", config)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("KUBERC", "off")
	env.Setenv("OPEN", s.open.Addr)
	env.Setenv("LOCKED", s.locked.Addr)
	env.Setenv("TLS", s.tls.Addr)
	env.Setenv("MEMCACHED", s.memcached)
	env.Setenv("PASSWORD", password)
	env.Setenv("CA", s.ca)
	return server.Kubeconfig(config)
}

func server(ts *testscript.TestScript) *kubetest.Server {
	return ts.Value(serverKey{}).(*kubetest.Server)
}

// deny VERB RESOURCE takes a permission away.
func deny(ts *testscript.TestScript, _ bool, args []string) {
	server(ts).Deny(kubetest.Rule{Verb: args[0], Resource: args[1]})
}

// requests N checks how many requests the API server has seen.
func requests(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if all := server(ts).Recorder().Requests(); len(all) != want {
		ts.Fatalf("%d requests reached the server, want %d: %+v", len(all), want, all)
	}
}

// code N COMMAND... runs a command and checks its exit code.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
