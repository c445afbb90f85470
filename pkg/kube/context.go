package kube

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// For returns flags that lead to the named context of the same kubeconfig, and
// share everything else that the user gave: -n, --as, --request-timeout and so on.
// StdinInUse is taken over as it is now.
//
// A flag that names the cluster itself goes before any context, see
// [Flags.FixedCluster].
func (f *Flags) For(context string) *Flags {
	shared := f.flags
	own := genericclioptions.NewConfigFlags(true)
	own.CacheDir, own.KubeConfig = shared.CacheDir, shared.KubeConfig
	own.ClusterName, own.AuthInfoName, own.APIServer = shared.ClusterName, shared.AuthInfoName, shared.APIServer
	own.TLSServerName, own.Insecure, own.CAFile = shared.TLSServerName, shared.Insecure, shared.CAFile
	own.CertFile, own.KeyFile, own.BearerToken = shared.CertFile, shared.KeyFile, shared.BearerToken
	own.Impersonate, own.ImpersonateUID = shared.Impersonate, shared.ImpersonateUID
	own.ImpersonateGroup, own.ImpersonateUserExtra = shared.ImpersonateGroup, shared.ImpersonateUserExtra
	own.Namespace, own.Timeout = shared.Namespace, shared.Timeout
	own.DisableCompression, own.ProxyURL = shared.DisableCompression, shared.ProxyURL
	own.Context = &context
	g := &Flags{flags: own, agent: f.agent, errOut: f.errOut, StdinInUse: f.StdinInUse}
	g.config = sync.OnceValues(g.load)
	return g
}

// FixedCluster is the flag, "--server" or "--cluster", with which the user named
// one cluster whatever the context, or "". Several contexts would then be the same
// cluster several times.
func (f *Flags) FixedCluster() string {
	switch {
	case *f.flags.APIServer != "":
		return "--server"
	case *f.flags.ClusterName != "":
		return "--cluster"
	}
	return ""
}

// Contexts are the names of the contexts in the kubeconfig, in their order as
// words. It reads files only.
func (f *Flags) Contexts() ([]string, error) {
	raw, err := f.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, f.explain(err)
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), nil
}
