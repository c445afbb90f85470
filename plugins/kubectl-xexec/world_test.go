package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// another CONTEXT starts a second cluster like the first, which is reached by a
// context of that name.
func another(ts *testscript.TestScript, _ bool, args []string) {
	second, err := kubetest.New(kubetest.Options{Objects: scene()})
	ts.Check(err)
	ts.Defer(second.Close)
	first, next := ts.MkAbs("kubeconfig"), ts.MkAbs("kubeconfig-of-"+args[0])
	ts.Check(second.Kubeconfig(next))
	all, err := clientcmd.LoadFromFile(first)
	ts.Check(err)
	more, err := clientcmd.LoadFromFile(next)
	ts.Check(err)
	from := more.Contexts[more.CurrentContext]
	all.Clusters[args[0]], all.AuthInfos[args[0]] = more.Clusters[from.Cluster], more.AuthInfos[from.AuthInfo]
	from.Cluster, from.AuthInfo = args[0], args[0]
	all.Contexts[args[0]] = from
	ts.Check(clientcmd.WriteToFile(*all, first))
}

// pod NAMESPACE/NAME [uid=UID] [node=NODE] adds a bare pod, or replaces the one of
// that name.
func pod(ts *testscript.TestScript, _ bool, args []string) {
	namespace, name, _ := strings.Cut(args[0], "/")
	p := plainPod(namespace, name)
	for _, arg := range args[1:] {
		switch key, value, _ := strings.Cut(arg, "="); key {
		case "uid":
			p.UID = types.UID(value)
		case "node":
			p.Spec.NodeName = value
		default:
			ts.Fatalf("pod: %q is neither uid=UID nor node=NODE", arg)
		}
	}
	server(ts).Put(p)
}
