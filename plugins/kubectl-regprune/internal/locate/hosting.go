package locate

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Hosting is what a cluster says of its local registry in the ConfigMap
// kube-public/local-registry-hosting, as KEP-1755 has it.
type Hosting struct {
	Host                     string `json:"host"`
	HostFromContainerRuntime string `json:"hostFromContainerRuntime"`
	HostFromClusterNetwork   string `json:"hostFromClusterNetwork"`
	Help                     string `json:"help"` // a URL
}

// hosts are all names, without repetitions.
func (h *Hosting) hosts() []string {
	all := &hosts{}
	all.add(h.Host, h.HostFromContainerRuntime, h.HostFromClusterNetwork)
	return all.all
}

const hostingName = "kube-public/local-registry-hosting"

// announced reads what the cluster announces. If that is one of the candidates, its
// names become that one's aliases; otherwise the registry is outside of the cluster.
func (s *search) announced(ctx context.Context, candidates []Candidate) *Hosting {
	ns, name, _ := strings.Cut(hostingName, "/")
	m, err := s.client.CoreV1().ConfigMaps(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		if !apierrors.IsNotFound(err) {
			s.unread = append(s.unread, "configmap "+hostingName)
		}
		return nil
	}
	var h Hosting
	if err := yaml.Unmarshal([]byte(m.Data["localRegistryHosting.v1"]), &h); err != nil {
		s.unread = append(s.unread, "configmap "+hostingName+" (it is no YAML)")
		return nil
	}
	names := h.hosts()
	for i := range candidates {
		c := &candidates[i]
		if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(c.Aliases, n) }) {
			continue
		}
		all := &hosts{all: c.Aliases}
		all.add(names...)
		c.Aliases = all.all
		c.Score += 20
		c.Evidence = append(c.Evidence, "the cluster announces it as "+strings.Join(names, ", "))
		return nil
	}
	if len(names) == 0 {
		return nil
	}
	return &h
}
