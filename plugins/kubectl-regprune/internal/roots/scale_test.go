package roots

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	k8s "k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

const (
	manyWorkloads, manyRevisions, manyPods = 2000 / slower, 5000 / slower, 4000 / slower
	mostHeap                               = 64 << 20 // bytes of a view
	// mostTime is six times what is promised, for machines that do something else at
	// the same time.
	mostTime = time.Minute
)

// realistic fills a pod's template with what real ones have beside images.
func realistic(name string, i int) corev1.PodTemplateSpec {
	p := podTemplate(fmt.Sprintf("%steam-%d/%s:%d", host, i%20, name, i))
	p.Labels = map[string]string{"app": name, "team": "team", "version": fmt.Sprint(i)}
	c := &p.Spec.Containers[0]
	for e := range 12 {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", e), Value: strings.Repeat("value ", 4)})
	}
	c.Args = []string{"--listen=:8080", "--config=/etc/app/config.yaml"}
	p.Spec.InitContainers = []corev1.Container{{Name: "migrate", Image: fmt.Sprintf("%sshared/migrate:%d", host, i%50)}}
	return p
}

func manyObjects() []k8s.Object {
	var list []k8s.Object
	for i := range manyWorkloads {
		d := &appsv1.Deployment{ObjectMeta: meta(fmt.Sprintf("web-%d", i)), Spec: appsv1.DeploymentSpec{Template: realistic("web", i)}}
		d.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat("{}", 1000)}
		list = append(list, d)
	}
	for i := range manyRevisions {
		rs := &appsv1.ReplicaSet{ObjectMeta: owned(fmt.Sprintf("web-%d", i), "Deployment"),
			Spec: appsv1.ReplicaSetSpec{Replicas: ptr(int32(i % 2)), Template: realistic("web", i)}}
		list = append(list, rs)
	}
	for i := range manyPods {
		p := kubetest.Pod("prod", fmt.Sprintf("web-%d", i))
		p.Spec = realistic("web", i%manyWorkloads).Spec
		p.Status.ContainerStatuses[0].ImageID = fmt.Sprintf("%steam-%d/web@%s", host, i%20, digest(i%manyWorkloads))
		list = append(list, p)
	}
	return list
}

func TestALargeClusterIsReadQuicklyInFewRequestsAndLittleMemory(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{Objects: manyObjects()})
	before := heap()
	peak, stop := watchHeap()
	start := time.Now()
	v := read(t, s, Options{})
	took := time.Since(start)
	stop()
	kept := heap() - before
	runtime.KeepAlive(v)

	most := 0
	for _, k := range v.Kinds {
		most += max(1, (k.Objects+499)/500)
	}
	lists := s.Recorder().Count(func(r kubetest.Request) bool { return r.Query.Has("limit") })
	if lists > most {
		t.Errorf("%d lists for %d kinds, at most %d", lists, len(v.Kinds), most)
	}
	if took > mostTime {
		t.Errorf("it took %s", took)
	}
	if kept > mostHeap {
		t.Errorf("the view keeps %d KiB", kept>>10)
	}
	if len(v.References) < manyRevisions {
		t.Errorf("only %d references", len(v.References))
	}
	t.Logf("%d objects, %d kinds, %d lists (at most %d), %d requests in all: %s; %d references, %d KiB kept, at most %d KiB more of server and client at a time",
		manyWorkloads+manyRevisions+manyPods, len(v.Kinds), lists, most, v.Requests, took.Round(time.Millisecond), len(v.References), kept>>10, (peak.Load()-before)>>10)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) // far from the limit
}

// watchHeap notes the largest heap until stop is called. Garbage is in it.
func watchHeap() (peak *atomic.Int64, stop func()) {
	peak = &atomic.Int64{}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), int64(m.HeapAlloc))) // far from the limit
			}
		}
	}()
	return peak, func() { close(end); <-ended }
}
