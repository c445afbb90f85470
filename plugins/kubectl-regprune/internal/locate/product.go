package locate

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Product is the software that serves a registry.
type Product string

// The products. Only [Distribution] is pruned; [UnknownProduct] is taken for it until
// the server itself says otherwise.
const (
	UnknownProduct Product = ""
	Distribution   Product = "distribution"
	PullThrough    Product = "pull-through-cache"
	Harbor         Product = "harbor"
	GitLab         Product = "gitlab"
	OpenShift      Product = "openshift"
	Quay           Product = "quay"
	Nexus          Product = "nexus"
	Gitea          Product = "gitea"
	Artifactory    Product = "artifactory"
	Zot            Product = "zot"
	Olareg         Product = "olareg"
)

// products are those that are refused, with how their images are named and what is to
// be used instead.
var products = []struct {
	product Product
	title   string
	images  []string // parts of a repository's name
	instead string
}{
	{PullThrough, "a pull-through cache, which deletes nothing on request", nil,
		"let the server expire what it holds: set proxy.ttl in its configuration"},
	{Harbor, "Harbor's registry, whose database would no longer agree with it", []string{"goharbor/registry-photon", "/harbor-registry"},
		"use Harbor's own tag retention and garbage collection: project > Policy, and Administration > Clean Up"},
	{GitLab, "GitLab's registry, which collects garbage itself when it has a metadata database", []string{"gitlab-container-registry"},
		"use a cleanup policy: project > Settings > Packages and registries"},
	{OpenShift, "OpenShift's integrated registry, whose images are objects of the cluster", []string{"openshift/origin-docker-registry", "ose-docker-registry"},
		"use: oc adm prune images"},
	{Quay, "Quay, which keeps its tags in a database", []string{"quay/quay", "projectquay/quay"},
		"use Quay's auto-prune policies and its tag expiration"},
	{Nexus, "Nexus, which keeps its images in blob stores of its own", []string{"sonatype/nexus"},
		"use a cleanup policy and the tasks 'Docker - Delete unused manifests and tags' and 'Admin - Compact blob store'"},
	{Gitea, "Gitea's or Forgejo's package registry, which keeps its images in a database", []string{"gitea/gitea", "forgejo/forgejo"},
		"use the package cleanup rules: owner > Settings > Packages"},
	{Artifactory, "Artifactory, which keeps its images in a store of its own", []string{"jfrog/artifactory", "artifactory-pro", "artifactory-oss", "artifactory-jcr"},
		"use Artifactory's cleanup policies"},
	{Zot, "zot, which collects garbage itself", []string{"project-zot/zot", "/zot-linux-", "zot-minimal"},
		"use zot's own retention: storage.retention in its configuration"},
	{Olareg, "olareg, which collects garbage itself", []string{"olareg/olareg"},
		"use olareg's own garbage collection: storage.gc in its configuration"},
}

// foreignImage is the product whose images are named so, "" if none of those refused.
func foreignImage(repository string) Product {
	name := strings.ToLower(repository)
	for _, p := range products {
		for _, part := range p.images {
			if strings.Contains(name, part) {
				return p.product
			}
		}
	}
	return UnknownProduct
}

// Title is the product in words that follow "is".
func (p Product) Title() string {
	for _, known := range products {
		if known.product == p {
			return known.title
		}
	}
	if p == Distribution {
		return "a registry of distribution"
	}
	return "a registry of an unknown kind"
}

// refusal says what to use instead, nil if the product can be pruned.
func (p Product) refusal() error {
	for _, known := range products {
		if known.product == p {
			return hint.With(ErrForeign, known.instead)
		}
	}
	return nil
}

// Refusal is why the registry called name must not be pruned if it is p, with what to
// use instead as its hint; nil if it can be.
func (p Product) Refusal(name string) error {
	err := p.refusal()
	if err == nil {
		return nil
	}
	return hint.With(fmt.Errorf("%w: %s is %s", ErrForeign, name, p.Title()), hint.Of(err))
}

// Refusal is why c must not be pruned, with what to use instead as its hint; nil if it
// can be.
func (c *Candidate) Refusal() error { return c.Product.Refusal(c.Name()) }
