package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// container is the one that runs the registry.
func (s *session) container() string {
	return cmp.Or(s.flags.reach.container, s.candidate.Container)
}

// hasContainer refuses -c with a name that the registry's pods do not have.
func (f *flags) hasContainer(ctx context.Context, client *kube.Client, c *locate.Candidate) error {
	if f.reach.container == "" || len(c.Pods) == 0 {
		return nil
	}
	pod, err := client.CoreV1().Pods(c.Namespace).Get(ctx, c.Pods[0].Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking for container %q: %w", f.reach.container, err)
	}
	var names []string
	for _, container := range pod.Spec.Containers {
		names = append(names, container.Name)
	}
	if slices.Contains(names, f.reach.container) {
		return nil
	}
	return hint.With(usagef("pod %q has no container %q", c.Namespace+"/"+pod.Name, f.reach.container), "its containers are: "+strings.Join(names, ", "))
}
