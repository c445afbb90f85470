package locate

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// verdict is what speaks for a container being a registry.
type verdict struct {
	score    int
	product  Product
	evidence []string
}

func (v *verdict) add(points int, format string, args ...any) {
	v.score += points
	v.evidence = append(v.evidence, fmt.Sprintf(format, args...))
}

// best is the container of w that most speaks for, nil if w has none.
func best(w *workload) (*corev1.Container, verdict) {
	var chosen *corev1.Container
	var most verdict
	for i := range w.spec.Containers {
		c := &w.spec.Containers[i]
		v := judge(w, c)
		if chosen == nil || v.rank() > most.rank() {
			chosen, most = c, v
		}
	}
	return chosen, most
}

// rank puts a container that is certainly another product's registry first, lest a
// helper beside it be taken for the server.
func (v verdict) rank() int {
	if v.product.refusal() != nil {
		return 1000 + v.score
	}
	return v.score
}

// judge weighs what the specification says of a container.
func judge(w *workload, c *corev1.Container) verdict {
	v := verdict{product: UnknownProduct}
	image := splitImage(c.Image)
	if p := foreignImage(image.repository); p != "" {
		v.product = p
		v.add(0, "image %q is %s", c.Image, p.Title())
	} else if image.distribution() {
		v.product = Distribution
		v.add(50, "image %q", c.Image)
	}
	names := serverVariables(c)
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "REGISTRY_OPENSHIFT_") }) {
		v.product = OpenShift
		v.add(0, "variables of OpenShift's registry in its environment")
	}
	if len(names) > 0 {
		v.add(25, "%s in its environment", some(names, 3))
	}
	if p := configPath(c); p != "" {
		v.add(30, "started with the configuration %q", p)
	}
	v.labels(w)
	for _, p := range c.Ports {
		if p.ContainerPort == defaultPort || strings.Contains(p.Name, "registry") {
			v.add(5, "container port %d", p.ContainerPort)
			break
		}
	}
	return v
}

// defaultPort is where distribution listens unless told otherwise.
const defaultPort = 5000

// labels weighs what charts and addons put on their registries.
func (v *verdict) labels(w *workload) {
	for _, known := range []struct{ key, value, of string }{
		{"app", "docker-registry", "the docker-registry chart"},
		{"app.kubernetes.io/name", "docker-registry", "the docker-registry chart"},
		{"actual-registry", "true", "minikube's addon"},
	} {
		if w.labels[known.key] == known.value {
			v.add(20, "label %s=%s of %s", known.key, known.value, known.of)
		}
	}
	if w.namespace == "container-registry" && w.labels["app"] == "registry" {
		v.add(20, "namespace and label of microk8s' addon")
	}
}

// image is a reference to an image, in its parts.
type image struct{ repository, tag string }

func splitImage(ref string) image {
	ref, _, _ = strings.Cut(ref, "@")
	if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
		return image{ref[:colon], ref[colon+1:]}
	}
	return image{ref, ""}
}

// distribution says whether the name is one under which the server is published or
// mirrored.
func (i image) distribution() bool {
	name := strings.ToLower(i.repository)
	return path.Base(name) == "registry" || path.Base(name) == "docker-registry" || strings.HasSuffix(name, "distribution/distribution")
}

var versionTag = regexp.MustCompile(`^v?([23](\.\d+){0,2})(-.*)?$`)

// version is as much of the server's version as the tag tells.
func (i image) version() string {
	if m := versionTag.FindStringSubmatch(i.tag); m != nil && i.distribution() {
		return m[1]
	}
	return ""
}

// configPath is the configuration file among a container's arguments, the last one as
// in "registry serve FILE", or in its environment; "" if there is none.
func configPath(c *corev1.Container) string {
	words := append(slices.Clone(c.Command), c.Args...)
	serves := slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "registry") || w == "serve" })
	for i := len(words) - 1; i >= 0 && serves; i-- {
		fields := strings.Fields(words[i])
		if len(fields) == 0 {
			continue
		}
		last := fields[len(fields)-1]
		if ext := path.Ext(last); path.IsAbs(last) && (ext == ".yml" || ext == ".yaml") {
			return last
		}
	}
	for _, e := range c.Env {
		if e.Name == "REGISTRY_CONFIGURATION_PATH" {
			return e.Value
		}
	}
	return ""
}

// some joins the first n of list.
func some(list []string, n int) string {
	if len(list) <= n {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:n], ", "), len(list)-n)
}
