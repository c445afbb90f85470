package kube

import (
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/groups"
)

// Client is a typed client of the API groups that the plugins read. It has the
// method names of kubernetes.Interface, which would link the clients of all the
// other groups, too: 12 MB more in each binary.
type Client = groups.Client

// NewClient returns a client of the cluster that cfg leads to. Nothing is sent
// yet.
func NewClient(cfg *rest.Config) (*Client, error) { return groups.New(cfg) }
