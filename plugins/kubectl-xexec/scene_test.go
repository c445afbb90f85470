package main

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

// scene is the cluster that scripts and tests meet:
//
//	default  deploy/web: web-5f4-a, -b, -c    sts/db: db-0, db-1 (redis, exporter)
//	         deploy/half: half-1-a runs, -b waits for an image, -c is pending
//	         bare: an image without any program       done: has completed
//	prod     api-0
//	empty    nothing
func scene() []runtime.Object {
	objects := []runtime.Object{namespace("default"), namespace("prod"), namespace("empty")}
	objects = append(objects, deployment("web", "5f4", "a", "b", "c")...)
	objects = append(objects, deployment("half", "1", "a", "b", "c")...)
	waiting := objects[len(objects)-2].(*corev1.Pod)
	waiting.Status.Phase = corev1.PodPending
	waiting.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	pending := objects[len(objects)-1].(*corev1.Pod)
	pending.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}}

	db := &appsv1.StatefulSet{ObjectMeta: meta("db", nil), Spec: appsv1.StatefulSetSpec{Selector: selecting("db")}}
	objects = append(objects, db)
	for _, name := range []string{"db-0", "db-1"} {
		p := kubetest.Pod("default", name, "redis", "exporter")
		p.UID, p.Labels, p.OwnerReferences = uid(name), map[string]string{"app": "db"}, ownedBy(db, "StatefulSet")
		objects = append(objects, p)
	}
	done := plainPod("default", "done")
	done.Status.Phase = corev1.PodSucceeded
	return append(objects, plainPod("default", "bare"), done, plainPod("prod", "api-0"))
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func uid(name string) types.UID { return types.UID("uid-of-" + name) }

func meta(name string, labels map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "default", Name: name, UID: uid(name), Labels: labels}
}

func selecting(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func ownedBy(owner metav1.Object, kind string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: &yes}}
}

// deployment makes a deployment, its replica set and its pods, in this order.
func deployment(name, hash string, pods ...string) []runtime.Object {
	labels := map[string]string{"app": name, "pod-template-hash": hash}
	d := &appsv1.Deployment{ObjectMeta: meta(name, nil), Spec: appsv1.DeploymentSpec{Selector: selecting(name)}}
	rs := &appsv1.ReplicaSet{ObjectMeta: meta(name+"-"+hash, labels), Spec: appsv1.ReplicaSetSpec{Selector: selecting(name)}}
	rs.OwnerReferences = ownedBy(d, "Deployment")
	objects := []runtime.Object{d, rs}
	for _, suffix := range pods {
		p := plainPod("default", rs.Name+"-"+suffix)
		p.Labels, p.OwnerReferences = labels, ownedBy(rs, "ReplicaSet")
		objects = append(objects, p)
	}
	return objects
}

func plainPod(namespace, name string) *corev1.Pod {
	p := kubetest.Pod(namespace, name)
	p.UID = uid(name)
	return p
}
