// Package groups is a typed client of the few API groups that the plugins read.
// It stands below pkg/kube, so that a library can use it without linking what
// belongs to a command line.
package groups

import (
	"fmt"

	"k8s.io/client-go/rest"

	appsv1 "k8s.io/client-go/kubernetes/typed/apps/v1"
	authorizationv1 "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batchv1 "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
)

// Client reads four API groups, and asks a fifth what its user may do. It has the method names of kubernetes.Interface,
// which would link the clients of all the other groups, too: 12 MB more in each
// binary.
type Client struct {
	core      *corev1.CoreV1Client
	apps      *appsv1.AppsV1Client
	batch     *batchv1.BatchV1Client
	discovery *discoveryv1.DiscoveryV1Client
	access    *authorizationv1.AuthorizationV1Client

	args []string
}

// New returns a client of the cluster that cfg leads to. Its groups share one
// transport. Nothing is sent yet.
func New(cfg *rest.Config) (*Client, error) {
	transport, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to %q: %w", cfg.Host, err)
	}
	c := &Client{}
	if c.core, err = corev1.NewForConfigAndClient(cfg, transport); err != nil {
		return nil, err
	}
	if c.apps, err = appsv1.NewForConfigAndClient(cfg, transport); err != nil {
		return nil, err
	}
	if c.batch, err = batchv1.NewForConfigAndClient(cfg, transport); err != nil {
		return nil, err
	}
	if c.discovery, err = discoveryv1.NewForConfigAndClient(cfg, transport); err != nil {
		return nil, err
	}
	if c.access, err = authorizationv1.NewForConfigAndClient(cfg, transport); err != nil {
		return nil, err
	}
	return c, nil
}

// WithConnectionArgs returns a client that answers args to ConnectionArgs.
func (c *Client) WithConnectionArgs(args []string) *Client {
	told := *c
	told.args = args
	return &told
}

// ConnectionArgs are the flags with which the user reached the cluster, quoted for
// a shell, such as "--context", "staging": a command that is suggested to the user
// must lead to the same cluster. It is empty if the client was not made from flags.
func (c *Client) ConnectionArgs() []string { return c.args }

// CoreV1 reads pods, services, secrets and the like.
func (c *Client) CoreV1() corev1.CoreV1Interface { return c.core }

// AppsV1 reads deployments, stateful sets, daemon sets and replica sets.
func (c *Client) AppsV1() appsv1.AppsV1Interface { return c.apps }

// BatchV1 reads jobs and cron jobs.
func (c *Client) BatchV1() batchv1.BatchV1Interface { return c.batch }

// DiscoveryV1 reads endpoint slices.
func (c *Client) DiscoveryV1() discoveryv1.DiscoveryV1Interface { return c.discovery }

// AuthorizationV1 asks the API server what the user may do.
func (c *Client) AuthorizationV1() authorizationv1.AuthorizationV1Interface { return c.access }
