package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/inventory"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// patience with a server that fails: pkg/registry's own, but in tests.
var patience registry.Retry

// session is a registry that is connected to.
type session struct {
	flags     *flags
	name      string // svc/NAMESPACE/NAME:PORT, or a URL
	context   string // of the kubeconfig; "" with --registry
	cluster   string // what tells it from others; "" if unknown, or with --registry
	client    *registry.Client
	getter    getter
	candidate *locate.Candidate // nil with --registry
	server    string            // such as distribution/2.8.2
	aliases   []string          // hosts that are certainly this registry
	run       disk.Runner       // in its container; nil with --registry or --no-exec
	inventory inventory.Options // of the last look
	pressure  func()            // is told of requests that the server turned down; may be nil
	notes     []string          // what a reader should know, but need not act on
}

// connect finds the registry that args and flags mean, and says hello.
func (f *flags) connect(ctx context.Context, args []string) (*session, error) {
	s := &session{flags: f}
	base, dial, err := s.target(ctx, args)
	if err != nil {
		return nil, err
	}
	if err := s.open(base, dial); err != nil {
		return nil, err
	}
	if err := s.hello(ctx, base, dial); err != nil {
		return nil, s.explain(err)
	}
	if err := s.identify(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// target is where the registry is, and how to get there.
func (s *session) target(ctx context.Context, args []string) (*url.URL, dialFunc, error) {
	f := s.flags
	if f.reach.url != "" {
		if len(args) > 0 {
			return nil, nil, usagef("--registry and %q exclude each other", args[0])
		}
		base, err := parseURL(f.reach.url)
		if err != nil {
			return nil, nil, err
		}
		s.name, s.aliases = strings.TrimSuffix(base.String(), "/"), []string{base.Host + strings.TrimSuffix(base.Path, "/")}
		return base, nil, nil
	}
	c, err := f.locate(ctx, args)
	if err != nil {
		return nil, nil, err
	}
	s.candidate, s.name, s.aliases = c, c.Name(), c.Aliases
	if s.context, err = f.kube.ContextName(); err != nil {
		return nil, nil, err
	}
	if s.cluster, err = f.clusterUID(ctx); err != nil {
		return nil, nil, err
	}
	for _, unread := range c.Unread {
		if strings.HasPrefix(unread, "configuration file") {
			continue // the container has it, and only doctor and gc want to know
		}
		s.notes = append(s.notes, "not known of "+c.Name()+": "+unread)
	}
	return s.inCluster(c)
}

// open makes the client.
func (s *session) open(base *url.URL, dial dialFunc) error {
	tls, err := s.flags.reach.tls(s.candidate)
	if err != nil {
		return err
	}
	credential, err := s.credential()
	if err != nil {
		return err
	}
	s.getter = newGetter(base, dial, tls)
	s.client, err = registry.New(registry.Options{
		Base: base, Dial: dial, TLS: tls, Credential: credential, Conns: s.flags.read.parallel, Retry: patience,
		UserAgent: "kubectl-regprune/" + cli.Version().Version,
		OnRetry: func(a registry.Attempt) {
			if s.pressure != nil {
				s.pressure()
			}
		},
	})
	return err
}

// hello asks whether a registry is there. One that was thought to speak plain HTTP and
// wants TLS is asked again so; never the other way round.
func (s *session) hello(ctx context.Context, base *url.URL, dial dialFunc) error {
	_, err := s.client.Ping(ctx)
	if s.candidate == nil || base.Scheme != "http" || !wantsTLS(err) {
		return err
	}
	secure := *base
	secure.Scheme = "https"
	if err := s.open(&secure, dial); err != nil {
		return err
	}
	_, err = s.client.Ping(ctx)
	return err
}

func wantsTLS(err error) bool {
	var refused *registry.Error
	return errors.As(err, &refused) && refused.Status == http.StatusBadRequest && strings.Contains(refused.Message, "HTTPS")
}

// exec is a way to run commands in the registry's container, or nil.
func (s *session) exec() (disk.Runner, error) {
	if s.candidate == nil || s.run != nil {
		return s.run, nil
	}
	cfg, err := s.flags.kube.Config()
	if err != nil {
		return nil, err
	}
	client, err := podexec.New(cfg, podexec.EndToEnd())
	if err != nil {
		return nil, err
	}
	for _, p := range s.candidate.Pods {
		if p.Ready {
			s.run = disk.NewPod(client, s.candidate.Namespace, p.Name, s.container())
			return s.run, nil
		}
	}
	return nil, fmt.Errorf("no pod of %q is ready", s.name)
}

// String is the registry as questions name it.
func (s *session) String() string {
	if s.context == "" {
		return s.name
	}
	return s.name + " in the context " + s.context
}

// again is a command about the same registry.
func (s *session) again(verb string) string {
	words := append([]string{"kubectl", "regprune", verb}, s.flags.kube.Args()...)
	return strings.Join(append(words, kube.Quote(s.name)), " ")
}

// is reports whether this is the registry that something was made for, a plan or a
// backup: the same name in the same cluster, as clusters have equal names in them.
func (s *session) is(r plan.Registry, what string) error {
	switch {
	case s.name != r.Name:
		return usagef("the %s is of %q, and this is %q", what, r.Name, s.name)
	case s.context != r.Context:
		return hint.With(usagef("the %s is of %q in the context %q, and this is the context %q", what, r.Name, r.Context, s.context),
			"use the same cluster: --context "+kube.Quote(r.Context))
	case s.cluster != "" && r.Cluster != "" && s.cluster != r.Cluster:
		return hint.With(usagef("the %s is of a registry in another cluster, whose context is called %q, too", what, s.context),
			"make a new plan here, or use the kubeconfig of that cluster")
	}
	return nil
}

// clusterUID is that of the namespace kube-system, which lives as long as its cluster
// does; "" if this user may not see it.
func (f *flags) clusterUID(ctx context.Context) (string, error) {
	client, err := f.kube.Client()
	if err != nil {
		return "", err
	}
	ns, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("asking which cluster this is: %w", err)
	}
	return string(ns.UID), nil
}
