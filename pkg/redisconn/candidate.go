package redisconn

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Candidate is a container that may run a server, judged by its pod alone.
type Candidate struct {
	Pod       *corev1.Pod
	Container *corev1.Container
	Ports     []int  // to try, the likeliest first
	Why       string // what speaks for it: image redis:7, port 6379
}

// Skipped is a pod that looks like a server but cannot be asked.
type Skipped struct {
	Pod    string
	Reason string
	Err    error // of the attempt to ask it, nil if there was none
}

const redisPort = 6379

var names = []string{"redis", "valkey", "keydb", "dragonfly"}

func named(s string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(s, n) })
}

// Candidates looks for servers among pods by image, port, command, container
// name and labels. It may take other things for servers, exporters for example:
// only asking tells. A container that does not run is skipped, whatever the
// others of its pod do. It is a pure function of its arguments.
func Candidates(pods []corev1.Pod) (found []Candidate, skipped []Skipped) {
	for i := range pods {
		pod := &pods[i]
		of := podCandidates(pod)
		if len(of) > 0 && pod.DeletionTimestamp != nil {
			skipped = append(skipped, Skipped{Pod: pod.Name, Reason: "is terminating"})
			continue
		}
		usable, not := divide(of)
		found, skipped = append(found, usable...), append(skipped, not...)
	}
	return found, skipped
}

// divide tells those that can be asked from those whose container does not run.
func divide(all []Candidate) (usable []Candidate, skipped []Skipped) {
	for _, c := range all {
		if reason := unusable(c.Pod, c.Container); reason != "" {
			s := Skipped{Pod: c.Pod.Name, Reason: reason}
			if !slices.Contains(skipped, s) {
				skipped = append(skipped, s)
			}
			continue
		}
		usable = append(usable, c)
	}
	return usable, skipped
}

func podCandidates(pod *corev1.Pod) []Candidate {
	var out []Candidate
	all := servingContainers(pod)
	for _, c := range all {
		if why := evidence(c); why != "" {
			out = append(out, Candidate{pod, c, likelyPorts(c), why})
		}
	}
	if len(out) > 0 || len(all) == 0 || !labelled(pod) {
		return out
	}
	return []Candidate{{pod, all[0], likelyPorts(all[0]), "labels"}}
}

// servingContainers are those that run as long as the pod does: its containers,
// and after them the init containers that are restarted, known as sidecars.
func servingContainers(pod *corev1.Pod) []*corev1.Container {
	var out []*corev1.Container
	for i := range pod.Spec.Containers {
		out = append(out, &pod.Spec.Containers[i])
	}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			out = append(out, c)
		}
	}
	return out
}

func evidence(c *corev1.Container) string {
	switch {
	case named(imageName(c.Image)):
		return "image " + imageName(c.Image)
	case declares(c) != 0:
		return fmt.Sprintf("port %d", declares(c))
	case slices.ContainsFunc(words(c), func(w word) bool { return isServerProgram(w.text) }):
		return "command"
	case named(c.Name):
		return "container name " + c.Name
	}
	return ""
}

// imageName is the last part of an image's path, without tag and digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = path.Base(image)
	image, _, _ = strings.Cut(image, ":")
	return image
}

// declares is the port that c declares and that looks like Redis, or 0.
func declares(c *corev1.Container) int {
	for _, p := range c.Ports {
		if p.ContainerPort == redisPort || named(p.Name) && !strings.Contains(p.Name, "metrics") {
			return int(p.ContainerPort)
		}
	}
	return 0
}

func labelled(pod *corev1.Pod) bool {
	for _, key := range []string{"app.kubernetes.io/name", "app.kubernetes.io/component", "app", "name", "k8s-app"} {
		if named(pod.Labels[key]) {
			return true
		}
	}
	return false
}

// portVariables hold the server's port in well-known images.
var portVariables = []string{"REDIS_PORT_NUMBER", "VALKEY_PORT_NUMBER", "REDIS_PORT", "VALKEY_PORT", "REDIS_TLS_PORT_NUMBER", "VALKEY_TLS_PORT_NUMBER"}

// likelyPorts lists what to try: what the server is told, then what the
// container declares, then the default.
func likelyPorts(c *corev1.Container) []int {
	const most = 3
	var out []int
	add := func(text string) {
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 1<<16 && !slices.Contains(out, n) && len(out) < most {
			out = append(out, n)
		}
	}
	all := words(c)
	for _, name := range []string{"port", "tls-port"} {
		if w, ok := option(all, name); ok {
			add(w.text)
		}
	}
	for _, name := range portVariables {
		for _, v := range c.Env {
			if v.Name == name {
				add(v.Value)
			}
		}
	}
	add(strconv.Itoa(declares(c)))
	for _, p := range c.Ports {
		if p.Protocol == corev1.ProtocolTCP || p.Protocol == "" {
			add(strconv.Itoa(int(p.ContainerPort)))
		}
	}
	if len(out) == 0 {
		add(strconv.Itoa(redisPort))
	}
	return out
}

// LooksLikeRedis reports whether the name of a port or a container does.
func LooksLikeRedis(name string) bool { return named(name) }
