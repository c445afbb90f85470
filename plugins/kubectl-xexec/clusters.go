package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// cluster is one kubeconfig context and the clients that it leads to.
type cluster struct {
	context   string // "" inside a pod that runs without a kubeconfig
	namespace string // the context's own, for what names none
	several   bool   // it is one of several
	flags     *kube.Flags
	client    *kube.Client
	exec      *podexec.Client
}

// connect prepares every context that the user names, or the current one. The
// network is not touched yet.
func (f *flags) connect() ([]*cluster, error) {
	f.kube.StdinInUse = f.command.stdin || f.command.shell
	if len(f.targets.contexts) == 0 {
		c, err := f.cluster(f.kube)
		return []*cluster{c}, err
	}
	if flag := f.kube.FixedCluster(); flag != "" && len(f.targets.contexts) > 1 {
		return nil, cli.Usagef("%s names one cluster, but --context names several", flag)
	}
	var clusters []*cluster
	for _, name := range f.targets.contexts {
		if slices.ContainsFunc(clusters, func(c *cluster) bool { return c.context == name }) {
			continue
		}
		c, err := f.cluster(f.kube.For(name))
		if err != nil && len(f.targets.contexts) > 1 {
			err = fmt.Errorf("context %q: %w", name, err)
		}
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, c)
	}
	for _, c := range clusters {
		c.several = len(clusters) > 1
	}
	return clusters, nil
}

func (f *flags) cluster(k *kube.Flags) (*cluster, error) {
	cfg, err := k.Config()
	if err != nil {
		return nil, err
	}
	c := &cluster{flags: k}
	if c.namespace, err = k.Namespace(); err != nil {
		return nil, err
	}
	if c.context, err = k.ContextName(); err != nil {
		return nil, err
	}
	if c.client, err = k.Client(); err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	exec := rest.CopyConfig(cfg)
	if limit := f.command.connectTimeout; limit > 0 && (exec.Timeout == 0 || limit < exec.Timeout) {
		exec.Timeout = limit // of the answer to the request, not of the command
	}
	if c.exec, err = podexec.New(exec, podexec.EndToEnd()); err != nil {
		return nil, fmt.Errorf("making an exec client: %w", err)
	}
	return c, nil
}

// list is a flag that may be repeated and may hold several values separated by
// commas. It takes the place of a flag of kubectl that holds one, which keeps the
// first.
type list struct {
	values *[]string
	single pflag.Value
}

func makeList(fs *pflag.FlagSet, name string, values *[]string) {
	f := fs.Lookup(name)
	f.Value = list{values, f.Value}
	f.Usage += "; may be repeated, or several separated by commas"
}

func (l list) Type() string   { return "strings" }
func (l list) String() string { return strings.Join(*l.values, ",") }

func (l list) Set(text string) error {
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" && !slices.Contains(*l.values, value) {
			*l.values = append(*l.values, value)
		}
	}
	if len(*l.values) > 0 {
		return l.single.Set((*l.values)[0])
	}
	return nil
}

// explain adds what the user can do about an error of this cluster, and which one
// it is if there are several.
func (c *cluster) explain(err error) error {
	err = kube.Explain(err)
	if c.several {
		return fmt.Errorf("context %q: %w", c.context, err)
	}
	return err
}
