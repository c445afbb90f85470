package locate

import (
	"context"
	"fmt"
	"net"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hosts collects names, each once, in the order of their appearance.
type hosts struct{ all []string }

func (h *hosts) add(names ...string) {
	for _, n := range names {
		if n != "" && n != corev1.ClusterIPNone && !slices.Contains(h.all, n) {
			h.all = append(h.all, n)
		}
	}
}

// at adds a name with a port, and without one, as registries on the usual ports are
// written.
func (h *hosts) at(name string, port int32) {
	if name == "" || name == corev1.ClusterIPNone {
		return
	}
	h.add(net.JoinHostPort(name, fmt.Sprint(port)), name)
}

// aliases are the hosts by which images of c may be named. They only ever protect: a
// name too many keeps an image too many.
func (s *search) aliases(ctx context.Context, c *Candidate, w *workload, a *surroundings, services []*corev1.Service) {
	h := &hosts{}
	names := map[string]bool{}
	for _, service := range services {
		names[service.Name] = true
		s.serviceHosts(ctx, h, c, service)
	}
	for _, i := range a.ingress {
		if found := i.hosts(names); len(found) > 0 {
			h.add(found...)
			c.Evidence = append(c.Evidence, fmt.Sprintf("ingress %q leads to it as %s", i.Metadata.Name, some(found, 3)))
		}
	}
	for _, r := range a.routes {
		if found := r.hosts(names); len(found) > 0 {
			h.add(found...)
			c.Evidence = append(c.Evidence, fmt.Sprintf("httproute %q leads to it as %s", r.Metadata.Name, some(found, 3)))
		}
	}
	for _, p := range hostPorts(&w.spec) {
		s.nodeHosts(ctx, h, c, p)
	}
	if s.proxied(ctx, w) {
		s.nodeHosts(ctx, h, c, defaultPort)
		c.Evidence = append(c.Evidence, "minikube's registry-proxy leads to it from each node")
	}
	c.Aliases = h.all
}

// serviceHosts are the names of a service in the cluster, and its addresses.
func (s *search) serviceHosts(ctx context.Context, h *hosts, c *Candidate, service *corev1.Service) {
	for _, p := range service.Spec.Ports {
		in := service.Name + "." + service.Namespace
		for _, name := range []string{service.Name, in, in + ".svc", in + ".svc.cluster.local", service.Spec.ClusterIP} {
			h.at(name, p.Port)
		}
		for _, list := range [][]string{service.Spec.ClusterIPs, service.Spec.ExternalIPs} {
			for _, ip := range list {
				h.at(ip, p.Port)
			}
		}
		for _, b := range service.Status.LoadBalancer.Ingress {
			h.at(b.IP, p.Port)
			h.at(b.Hostname, p.Port)
		}
		if p.NodePort != 0 {
			s.nodeHosts(ctx, h, c, p.NodePort)
		}
	}
}

// maxNodes bounds the names that a node port gives. Beyond it, a host that nobody
// knows is left to the matching of images, which ignores unknown hosts.
const maxNodes = 100

// nodeHosts are the names of a port that is open on every node.
func (s *search) nodeHosts(ctx context.Context, h *hosts, c *Candidate, port int32) {
	h.add(fmt.Sprintf("localhost:%d", port), fmt.Sprintf("127.0.0.1:%d", port))
	if !s.askedNodes {
		s.askedNodes = true
		list, err := s.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: maxNodes})
		switch {
		case err != nil:
			s.addressesErr = fmt.Sprintf("addresses of nodes (%s)", why(err))
		case list.Continue != "":
			s.addressesErr = fmt.Sprintf("addresses of more than %d nodes", maxNodes)
		default:
			for i := range list.Items {
				for _, address := range list.Items[i].Status.Addresses {
					s.addresses = append(s.addresses, address.Address)
				}
			}
		}
	}
	for _, address := range s.addresses {
		h.add(net.JoinHostPort(address, fmt.Sprint(port)))
	}
	if s.addressesErr != "" && !slices.Contains(c.Unread, s.addressesErr) {
		c.Unread = append(c.Unread, s.addressesErr)
	}
}

func hostPorts(spec *corev1.PodSpec) []int32 {
	var out []int32
	for i := range spec.Containers {
		for _, p := range spec.Containers[i].Ports {
			switch {
			case p.HostPort != 0:
				out = append(out, p.HostPort)
			case spec.HostNetwork:
				out = append(out, p.ContainerPort)
			}
		}
	}
	return out
}

// proxied says whether minikube's proxy makes the registry a port of each node.
func (s *search) proxied(ctx context.Context, w *workload) bool {
	if w.labels["actual-registry"] != "true" {
		return false
	}
	list, err := s.client.CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: "registry-proxy=true", Limit: 1})
	return err == nil && len(list.Items) > 0
}

// hosts are those under which an ingress leads to one of the services.
func (i *ingress) hosts(services map[string]bool) []string {
	leads := func(b *ingressBackend) bool { return b != nil && b.Service != nil && services[b.Service.Name] }
	h := &hosts{}
	for _, rule := range i.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for j := range rule.HTTP.Paths {
			if leads(&rule.HTTP.Paths[j].Backend) {
				h.add(rule.Host)
				if rule.Host == "" { // any host: those of its certificates are the known ones
					h.add(i.tlsHosts()...)
				}
			}
		}
	}
	if leads(i.Spec.DefaultBackend) {
		h.add(i.tlsHosts()...)
	}
	return h.all
}

func (i *ingress) tlsHosts() []string {
	var out []string
	for _, t := range i.Spec.TLS {
		out = append(out, t.Hosts...)
	}
	return out
}

// hosts are those under which a route leads to one of the services.
func (r *route) hosts(services map[string]bool) []string {
	for _, rule := range r.Spec.Rules {
		for _, b := range rule.BackendRefs {
			if (b.Kind == "" || b.Kind == "Service") && services[b.Name] {
				return r.Spec.Hostnames
			}
		}
	}
	return nil
}
