package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// contextMissing matches the untyped error that an override with --context gives.
var contextMissing = regexp.MustCompile(`context "[^"]*" does not exist`)

var errNoCluster = hint.With(errors.New("loading kubeconfig: no cluster is configured"),
	"set KUBECONFIG or give --kubeconfig FILE; 'kubectl config view' shows what is found")

// explain says what a kubeconfig that cannot be used lacks, and what to do.
func explain(err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("loading kubeconfig: %w", err)
	switch {
	case clientcmd.IsEmptyConfig(err):
		return errNoCluster
	case clientcmd.IsContextNotFound(err) || contextMissing.MatchString(err.Error()):
		return hint.With(wrapped, "'kubectl config get-contexts' lists the contexts")
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(wrapped, "set KUBECONFIG or give --kubeconfig FILE")
	}
	return wrapped
}
