package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// locate looks for the registry in the cluster.
func (f *flags) locate(ctx context.Context, args []string) (*locate.Candidate, error) {
	if _, err := f.kube.Config(); err != nil { // first: it has the best words for a broken kubeconfig
		return nil, err
	}
	q, err := f.query(args)
	if err != nil {
		return nil, err
	}
	client, err := f.kube.Client()
	if err != nil {
		return nil, err
	}
	c, err := locate.Find(ctx, client, q)
	switch {
	case errors.Is(err, locate.ErrSeveral):
		return nil, cli.WithCode(err, cli.ExitUsage)
	case errors.Is(err, locate.ErrNone), errors.Is(err, resolve.ErrNothing), apierrors.IsNotFound(err):
		text := hint.Of(err)
		if text == "" || len(args) == 0 && !strings.Contains(text, q.Command+" --registry") { // none that is announced outside of the cluster
			text = "look in all namespaces: kubectl regprune list -A; or name one: -n NAMESPACE svc/NAME; or give its address: --registry http://HOST:PORT"
		}
		return nil, cli.WithCode(hint.With(err, text), cli.ExitNothing)
	case err != nil:
		return nil, err
	}
	if err := c.Refusal(); err != nil {
		return nil, err
	}
	return c, f.hasContainer(ctx, client, c)
}

// query is what to look for: NAME or TYPE/NAME in the namespace, or, as plans write
// it, TYPE/NAMESPACE/NAME:PORT.
func (f *flags) query(args []string) (locate.Query, error) {
	namespace, err := f.kube.Namespace()
	if err != nil {
		return locate.Query{}, err
	}
	q := locate.Query{Namespace: namespace, Port: f.reach.port, Command: "kubectl regprune"}
	if len(args) == 0 {
		return q, nil
	}
	arg := args[0]
	if parts := strings.Split(arg, "/"); len(parts) == 3 {
		name, port, _ := strings.Cut(parts[2], ":")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			q.Port = int(n)
		}
		q.Namespace, arg = parts[1], parts[0]+"/"+name
	}
	ref, err := resolve.ParseRef(arg)
	if err != nil {
		return q, cli.WithCode(err, cli.ExitUsage)
	}
	q.Ref = &ref
	return q, nil
}

// parseURL reads --registry.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, hint.With(usagef("--registry is no http or https URL"), "write it as http://HOST:PORT")
	case u.User != nil:
		return nil, hint.With(usagef("--registry holds credentials, which everybody on this machine can read"), "use --username and --password-file")
	}
	return u, nil
}
