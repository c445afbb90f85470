package locate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// surroundings are what a namespace has besides workloads.
type surroundings struct {
	services []corev1.Service
	ingress  []ingress
	routes   []route
	scalers  []scaler
	cronJobs []batchv1.CronJob
	unread   []string
}

// around reads the surroundings of a namespace, once. Nothing of it is needed to reach
// a registry, so whatever fails is noted only.
func (s *search) around(ctx context.Context, ns string) *surroundings {
	if a := s.namespaces[ns]; a != nil {
		return a
	}
	a := &surroundings{}
	s.namespaces[ns] = a
	note := func(what string, err error) {
		if err != nil {
			a.unread = append(a.unread, fmt.Sprintf("%s in namespace %q (%s)", what, ns, why(err)))
		}
	}
	note("services", pages(func(o metav1.ListOptions) (string, error) {
		l, err := s.client.CoreV1().Services(ns).List(ctx, o)
		if err != nil {
			return "", err
		}
		a.services = append(a.services, l.Items...)
		return l.Continue, nil
	}, func() { a.services = nil }))
	note("cronjobs", pages(func(o metav1.ListOptions) (string, error) {
		l, err := s.client.BatchV1().CronJobs(ns).List(ctx, o)
		if err != nil {
			return "", err
		}
		a.cronJobs = append(a.cronJobs, l.Items...)
		return l.Continue, nil
	}, func() { a.cronJobs = nil }))
	var err error
	a.ingress, err = listRaw[ingress](ctx, s.client, "/apis/networking.k8s.io/v1/namespaces/"+ns+"/ingresses")
	note("ingresses", err)
	a.routes, err = listRaw[route](ctx, s.client, "/apis/gateway.networking.k8s.io/v1/namespaces/"+ns+"/httproutes")
	note("httproutes", err)
	a.scalers, err = listRaw[scaler](ctx, s.client, "/apis/autoscaling/v1/namespaces/"+ns+"/horizontalpodautoscalers")
	note("horizontalpodautoscalers", err)
	return a
}

// servicesOf are those that select the workload's pods.
func (a *surroundings) servicesOf(w *workload) []*corev1.Service {
	var out []*corev1.Service
	for i := range a.services {
		s := &a.services[i]
		if len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.labels)) {
			out = append(out, s)
		}
	}
	return out
}

// scalerOf is the autoscaler of the workload, "" if there is none.
func (a *surroundings) scalerOf(w *workload) string {
	for _, s := range a.scalers {
		if t := s.Spec.ScaleTargetRef; t.Name == w.ref.Name && strings.EqualFold(t.Kind, string(w.ref.Kind)) {
			return s.Metadata.Name
		}
	}
	return ""
}

// gcJobs are the CronJobs that collect garbage.
func (a *surroundings) gcJobs() []GCJob {
	var out []GCJob
	for i := range a.cronJobs {
		j := &a.cronJobs[i]
		if why := collects(j); why != "" {
			out = append(out, GCJob{Name: j.Name, Schedule: j.Spec.Schedule, Suspended: j.Spec.Suspend != nil && *j.Spec.Suspend, Why: why})
		}
	}
	return out
}

// collects says how a CronJob shows that it collects garbage of a registry, "" if it
// does not.
func collects(j *batchv1.CronJob) string {
	for _, c := range j.Spec.JobTemplate.Spec.Template.Spec.Containers {
		words := strings.Join(append(slices.Clone(c.Command), c.Args...), " ")
		if strings.Contains(words, "garbage-collect") {
			return "its command has garbage-collect"
		}
	}
	named := func(text string) bool {
		text = strings.ToLower(text)
		return strings.Contains(text, "registry") && (strings.Contains(text, "garbage") || strings.HasSuffix(text, "-gc") || strings.Contains(text, "-gc-"))
	}
	if named(j.Name) {
		return "its name"
	}
	for _, value := range j.Labels {
		if named(value) {
			return "its labels"
		}
	}
	return ""
}
