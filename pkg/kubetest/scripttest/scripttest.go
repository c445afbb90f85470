// Package scripttest has the commands of test scripts that all plugins need: what a
// script in testdata/script calls beside the plugin itself.
package scripttest

import (
	"errors"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// Command is how testscript calls a command.
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Server finds the API server of a script.
type Server func(ts *testscript.TestScript) *kubetest.Server

// Code is "code N COMMAND…": it runs a command and checks its exit code.
func Code(ts *testscript.TestScript, _ bool, args []string) {
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

// Deny is "deny VERB RESOURCE [NAME]": it takes a permission away.
func Deny(server Server) Command {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		rule := kubetest.Rule{Verb: args[0], Resource: args[1]}
		if len(args) > 2 {
			rule.Name = args[2]
		}
		server(ts).Deny(rule)
	}
}

// Requests is "requests N": it checks how many requests the API server has seen.
func Requests(server Server) Command {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		if all := server(ts).Recorder().Requests(); len(all) != want {
			ts.Fatalf("%d requests reached the server, want %d: %+v", len(all), want, all)
		}
	}
}
