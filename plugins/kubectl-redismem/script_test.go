package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest/scripttest"
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
			"deny": scripttest.Deny(server), "code": scripttest.Code, "requests": scripttest.Requests(server),
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
