// Package kube turns kubectl's connection flags into clients.
//
// It is the one place where a rest.Config is made, so that every client of a
// plugin (typed, exec, port-forward) reaches the same cluster as the same user
// with the same limits: --context, --as, --request-timeout and the rest are
// honoured by all of them or by none.
//
// Nothing is loaded before it is asked for: --help and version read no
// kubeconfig and open no connection.
package kube

import (
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // credentials of the clouds: exec plugins, OIDC
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Flags are kubectl's connection flags (--kubeconfig, --context, -n, --as, …) and
// what follows from them. Make them with [NewFlags].
type Flags struct {
	flags  *genericclioptions.ConfigFlags
	agent  string
	errOut io.Writer

	// StdinInUse says that the command reads stdin as data, so that a credential
	// plugin must not ask the user a question there. Set it before Config.
	StdinInUse bool

	config func() (*rest.Config, error)
}

// NewFlags returns flags whose clients call themselves agent in the API server's
// audit log, such as "kubectl-xexec/v1.2.3". Warnings of the server and of the
// user's kuberc go to errOut.
func NewFlags(agent string, errOut io.Writer) *Flags {
	f := &Flags{flags: genericclioptions.NewConfigFlags(true), agent: agent, errOut: errOut}
	f.config = sync.OnceValues(f.load)
	return f
}

// AddFlags binds the flags to fs.
func (f *Flags) AddFlags(fs *pflag.FlagSet) { f.flags.AddFlags(fs) }

// Config is the connection to the chosen cluster, loaded once. Callers must not
// change it; use rest.CopyConfig.
func (f *Flags) Config() (*rest.Config, error) { return f.config() }

// Client is a typed client over [Flags.Config]. It knows [Flags.Args], so that the
// commands which pkg/resolve suggests lead to the same cluster.
func (f *Flags) Client() (*Client, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	client, err := NewClient(cfg)
	if err != nil {
		return nil, err
	}
	return client.WithConnectionArgs(f.Args()), nil
}

// Namespace is -n if given, else the context's namespace, else "default".
func (f *Flags) Namespace() (string, error) {
	ns, _, err := f.flags.ToRawKubeConfigLoader().Namespace()
	return ns, f.explain(err)
}

// ContextName is --context if given, else the kubeconfig's current context. It is
// empty inside a pod that runs without a kubeconfig.
func (f *Flags) ContextName() (string, error) {
	if name := *f.flags.Context; name != "" {
		return name, nil
	}
	raw, err := f.flags.ToRawKubeConfigLoader().RawConfig()
	return raw.CurrentContext, f.explain(err)
}

func (f *Flags) load() (*rest.Config, error) {
	cfg, err := f.flags.ToRESTConfig()
	if err != nil {
		return nil, f.explain(err)
	}
	if f.unconfigured(cfg) {
		return nil, errNoCluster
	}
	cfg = rest.CopyConfig(cfg)
	cfg.UserAgent = f.agent + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
	// client-go's default of 5 requests a second is for controllers. The plugins
	// bound their own concurrency, and the server has priority and fairness.
	cfg.QPS = -1
	cfg.WarningHandler = rest.NewWarningWriter(f.errOut, rest.WarningWriterOptions{Deduplicate: true})
	if exec := cfg.ExecProvider; exec != nil {
		if exec.PluginPolicy, err = credentialPolicy(f.errOut); err != nil {
			return nil, err
		}
		if f.StdinInUse {
			exec.StdinUnavailable = true
			exec.StdinUnavailableMessage = "stdin carries the command's input"
		}
	}
	return cfg, nil
}

// unconfigured reports whether cfg is only the library's last resort, an
// unencrypted localhost:8080, because no kubeconfig, flag or pod named a cluster.
func (f *Flags) unconfigured(cfg *rest.Config) bool {
	if *f.flags.APIServer != "" || cfg.Host != clientcmd.ClusterDefaults.Server {
		return false
	}
	raw, err := f.flags.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Clusters) == 0 && os.Getenv("KUBERNETES_MASTER") == ""
}
