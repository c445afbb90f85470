package supervise_test

import (
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

func TestCheck(t *testing.T) {
	env := func(name, value string) supervise.Command {
		return supervise.Command{Argv: []string{"x"}, Env: []supervise.Var{{Name: name, Value: value}}}
	}
	for want, c := range map[string]supervise.Command{
		"":                           {Script: []byte("echo"), Dir: "-", User: "1000:1000"},
		"the command is empty":       {},
		"argument":                   {Argv: []string{"a\x00"}},
		"cannot be the name":         env("1A", ""),
		`"" cannot be`:               env("", ""),
		"belong to the supervisor":   env("kx_n", ""),
		"contains a NUL":             env("SECRET", "sesame\x00"),
		"the most that Linux takes":  env("SECRET", strings.Repeat("sesame", 30_000)),
		"it is binary":               {Script: []byte("#!/bin/sh\n\x00")},
		"exceed the limit":           {Script: []byte(strings.Repeat("x", 17<<20))},
		"choosing the user":          {Argv: []string{"x"}, User: "a b"},
		"choosing the working":       {Argv: []string{"x"}, Dir: "a\x00"},
		`"-u" cannot be one`:         {Argv: []string{"x"}, User: "-u"},
		`names such as "kx_" belong`: env("kx_", ""),
	} {
		err := c.Check()
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame")) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
