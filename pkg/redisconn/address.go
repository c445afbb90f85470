package redisconn

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// PodAt reports whether host leads to pod: one of its IPs, its name, or its name
// below a headless service, NAME.SERVICE and longer.
func PodAt(pod *corev1.Pod, host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		same := func(text string) bool {
			own, err := netip.ParseAddr(text)
			return err == nil && own.Unmap() == ip.Unmap()
		}
		return same(pod.Status.PodIP) || slices.ContainsFunc(pod.Status.PodIPs, func(p corev1.PodIP) bool { return same(p.IP) })
	}
	name := pod.Spec.Hostname
	if name == "" {
		name = pod.Name
	}
	first, rest, qualified := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if first != name {
		return false
	}
	if !qualified {
		return true
	}
	service, rest, qualified := strings.Cut(rest, ".")
	if pod.Spec.Subdomain != "" && service != pod.Spec.Subdomain {
		return false
	}
	namespace, _, _ := strings.Cut(rest, ".")
	return !qualified || namespace == pod.Namespace || pod.Namespace == ""
}
