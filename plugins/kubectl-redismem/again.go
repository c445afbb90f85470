package main

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
)

// again is the command line that was typed, up to the name of a pod: with all
// its flags, for without --context or --as it could lead to another cluster. The
// namespace is said even if it was not. What picks the pod is left out.
func again(set *pflag.FlagSet, namespace string) string {
	words := []string{"kubectl", "redismem", "-n", kube.Quote(namespace)}
	set.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "namespace", "port":
			return
		case "token": // a secret; with a wrong one the server says no, without one it is another user
			words = append(words, "--token", "TOKEN")
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			switch f.NoOptDefVal {
			case "":
				words = append(words, "--"+f.Name, kube.Quote(v))
			case v:
				words = append(words, "--"+f.Name)
			default:
				words = append(words, "--"+f.Name+"="+kube.Quote(v))
			}
		}
	})
	return strings.Join(words, " ")
}
