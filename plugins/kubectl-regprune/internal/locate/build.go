package locate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// candidate reads everything about a workload that is a registry, or was named as one.
func (s *search) candidate(ctx context.Context, w *workload) (*Candidate, error) {
	container, v := best(w)
	if container == nil {
		return nil, nil
	}
	a := s.around(ctx, w.namespace)
	c := &Candidate{
		Namespace: w.namespace, Workload: w.ref, Pods: podsOf(w), Container: container.Name, Image: container.Image,
		Product: v.product, Version: splitImage(container.Image).version(), ConfigPath: configPath(container),
		Replicas: w.replicas, Strategy: w.strategy, Autoscaler: a.scalerOf(w), GCJobs: a.gcJobs(), Pinned: pinned(&w.spec),
		Evidence: v.evidence, Score: v.score, spec: &w.spec, Unread: slices.Clone(a.unread),
	}
	var missed []string
	c.env, missed = s.environmentOf(ctx, w.namespace, container)
	c.Unread, c.Env = append(c.Unread, missed...), c.env.shown()

	doc, source, unreadFile := s.configuration(ctx, w, container)
	c.Settings = settings(doc, c.env)
	c.Settings.Source = source
	var unreadClaim string
	c.Storage, unreadClaim = s.storage(ctx, w, container, c.Settings)
	if raw := storageOf(&w.spec, container.Name, c.Settings); raw.Kind == PVC {
		c.claims = map[string]Storage{raw.Claim: c.Storage}
	}
	for _, text := range []string{unreadFile, unreadClaim} {
		if text != "" {
			c.Unread = append(c.Unread, text)
		}
	}
	if c.Settings.ProxyURL != "" && c.Product.refusal() == nil {
		c.Product = PullThrough
		c.Evidence = append(c.Evidence, "it caches "+c.Settings.ProxyURL)
	}
	c.ContainerPort = containerPort(container, c.Settings)
	services := a.servicesOf(w)
	s.reach(c, container, services)
	s.aliases(ctx, c, w, a, services)
	return c, ctx.Err()
}

func podsOf(w *workload) []Pod {
	var out []Pod
	for i := range w.pods {
		p := &w.pods[i]
		ready := p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
		out = append(out, Pod{Name: p.Name, UID: string(p.UID), Node: p.Spec.NodeName, Ready: ready})
	}
	slices.SortFunc(out, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// pinned says whether the specification itself chooses nodes.
func pinned(spec *corev1.PodSpec) bool {
	affinity := spec.Affinity != nil && spec.Affinity.NodeAffinity != nil && spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil
	return len(spec.NodeSelector) > 0 || affinity
}

// containerPort is where the server listens: as configured, as declared, or as usual.
func containerPort(c *corev1.Container, set Settings) int32 {
	if set.Port != 0 {
		return set.Port
	}
	for _, p := range c.Ports {
		if p.ContainerPort == defaultPort || strings.Contains(p.Name, "registry") {
			return p.ContainerPort
		}
	}
	if len(c.Ports) > 0 {
		return c.Ports[0].ContainerPort
	}
	return defaultPort
}

// reach chooses the service and port through which the server is reached.
func (s *search) reach(c *Candidate, container *corev1.Container, services []*corev1.Service) {
	var chosen *corev1.Service
	var port *corev1.ServicePort
	for _, service := range services {
		if s.q.Ref != nil && s.q.Ref.Kind == resolve.Service && service.Name != s.q.Ref.Name {
			continue
		}
		p := s.servicePort(c, container, service)
		better := chosen == nil || port == nil && p != nil ||
			p != nil && chosen.Spec.ClusterIP == corev1.ClusterIPNone && service.Spec.ClusterIP != corev1.ClusterIPNone
		if better {
			chosen, port = service, p
		}
	}
	c.Port = cmp.Or(int32(s.q.Port), c.ContainerPort) // a port
	if chosen != nil && port != nil {
		c.Service, c.Port = chosen.Name, port.Port
		c.Score += 5
		c.Evidence = append(c.Evidence, fmt.Sprintf("service %q leads to it", chosen.Name))
	}
	c.Scheme = "http"
	if c.Settings.TLS == Yes || port != nil && strings.HasPrefix(port.Name, "https") {
		c.Scheme = "https"
	}
}

// servicePort is the one that was asked for, or that leads to where the server listens.
// A port of another number may still be the right one where it is the only one.
func (s *search) servicePort(c *Candidate, container *corev1.Container, service *corev1.Service) *corev1.ServicePort {
	ports := service.Spec.Ports
	for i := range ports {
		if s.q.Port != 0 && int(ports[i].Port) == s.q.Port || s.q.Port == 0 && targets(&ports[i], container) == c.ContainerPort {
			return &ports[i]
		}
	}
	if s.q.Port == 0 && len(ports) == 1 {
		return &ports[0]
	}
	return nil
}

// targets is the container's port that a service's port leads to, 0 if it has none of
// the name.
func targets(p *corev1.ServicePort, container *corev1.Container) int32 {
	switch {
	case p.TargetPort.Type == intstr.String:
		for _, declared := range container.Ports {
			if declared.Name == p.TargetPort.StrVal {
				return declared.ContainerPort
			}
		}
		return 0
	case p.TargetPort.IntVal != 0:
		return p.TargetPort.IntVal
	}
	return p.Port
}
