package main

import (
	"fmt"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// page is how many objects the plugin asks for at once.
const page = 500

// cluster measures how a plan finds what a large cluster uses: Deployments and their old
// ReplicaSets, in an API server of this process.
func cluster(b *bench) error {
	f := newFakeRegistry(10, 100, 1, 0)
	url, err := b.serve(f)
	if err != nil {
		return err
	}
	s := kubetest.Start(b, kubetest.Options{Objects: b.workloads()})
	config := filepath.Join(b.TempDir(), "kubeconfig")
	if err := s.Kubeconfig(config); err != nil {
		return err
	}
	args := []string{"--kubeconfig", config, "--registry", url, "-q", "-o", "json", "--keep-number", ">=0"}
	var runs []outcome
	for range b.o.rounds {
		s.Recorder().Reset()
		o, err := b.regprune(b.TempDir(), args...)
		if err != nil {
			return err
		}
		runs = append(runs, o)
	}
	lists, most, other := map[string]int{}, 0, 0
	for _, r := range s.Recorder().Requests() {
		if r.Query.Has("limit") {
			lists[r.Path]++
		} else {
			other++
		}
	}
	all := 0
	for path, n := range lists {
		all += n
		most += pages(path, b.o)
	}
	m := middle(runs)
	fmt.Printf("\n## What a cluster uses\n\n%d Deployments, %d ReplicaSets, API server in the process that measures; median of %d rounds; load average %s\n\n", b.o.workloads, b.o.revisions, b.o.rounds, loadAverage())
	fmt.Println("| | measured | bar |\n|---|---|---|")
	fmt.Printf("| LISTs | %d | %d, for %d kinds, %s |\n| other requests, such as discovery | %d | |\n", all, most, len(lists), verdict(all <= most), other)
	const bar = 10 * time.Second
	fmt.Printf("| the whole plan | %.2f s | %.0f s, %s |\n| CPU of the plugin | %.2f s | |\n| peak RSS | %.0f MiB | |\n", m.wall.Seconds(), bar.Seconds(), verdict(m.wall < bar), m.cpu.Seconds(), float64(m.rss)/mib)
	return nil
}

// pages is how many lists the objects of a path need.
func pages(path string, o options) int {
	objects := map[string]int{"/apis/apps/v1/deployments": o.workloads, "/apis/apps/v1/replicasets": o.revisions}[path]
	return max(1, (objects+page-1)/page)
}

func (b *bench) workloads() []runtime.Object {
	var list []runtime.Object
	template := func(i int) corev1.PodTemplateSpec {
		name := fmt.Sprint("app-", i%10)
		env := []corev1.EnvVar{}
		for e := range 12 {
			env = append(env, corev1.EnvVar{Name: fmt.Sprint("SETTING_", e), Value: "a value of some length"})
		}
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: fmt.Sprintf("registry.example/%d:%d", i%10, i%100), Env: env}}},
		}
	}
	for i := range b.o.workloads {
		list = append(list, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: fmt.Sprint("web-", i)}, Spec: appsv1.DeploymentSpec{Template: template(i)},
		})
	}
	for i := range b.o.revisions {
		list = append(list, &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: fmt.Sprint("web-", i)}, Spec: appsv1.ReplicaSetSpec{Template: template(i)},
		})
	}
	return list
}
