package main

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

const (
	registryNamespace = "registry"
	registryPort      = 5000
	nodePort          = "localhost:32000" // by which nodes pull
)

// addRegistry adds a Deployment whose pod is the real server, and its Service.
func (c *cluster) addRegistry() {
	labels := map[string]string{"app": "registry"}
	pod := kubetest.Pod(registryNamespace, "registry-5d8f-0", "registry")
	pod.Labels = map[string]string{"app": "registry", "pod-template-hash": "5d8f"}
	pod.OwnerReferences = ownedBy("ReplicaSet", "registry-5d8f", "replicaset-registry")
	pod.Spec.Containers[0].Image = "registry:2.8.2"
	pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: registryPort}}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	c.api.Define(kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}})
	c.api.Put(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: registryNamespace}}, pod,
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: registryNamespace, Name: "registry", UID: "deployment-registry"},
			Spec: appsv1.DeploymentSpec{Selector: selector, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod.Spec}}},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: registryNamespace, Name: "registry"}, Spec: corev1.ServiceSpec{
			Selector: labels, Type: corev1.ServiceTypeNodePort, ClusterIP: "10.96.0.50", Ports: []corev1.ServicePort{{Port: registryPort, NodePort: 32000}}}},
		&discoveryv1.EndpointSlice{
			ObjectMeta:  metav1.ObjectMeta{Namespace: registryNamespace, Name: "registry-1", Labels: map[string]string{discoveryv1.LabelServiceName: "registry"}},
			AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Port: new(int32(registryPort))}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
				TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: registryNamespace, Name: pod.Name}}},
		})
	c.api.Container(registryNamespace+"/"+pod.Name+"/registry", kubetest.Container{Start: c.registry.exec})
	c.api.Forward(registryNamespace+"/"+pod.Name, registryPort, c.registry.addr)
}

// addAPI adds a Deployment that runs build 952, and can be rolled back to 947.
func (c *cluster) addAPI() {
	labels := map[string]string{"app": "api"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	template := func(build string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "api", Image: nodePort + "/shop/api:" + build}}}}
	}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, OwnerReferences: ownedBy("Deployment", "api", "deployment-api")}
	}
	c.api.Put(
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "api", UID: "deployment-api"},
			Spec: appsv1.DeploymentSpec{Selector: selector, Template: template("952")}},
		&appsv1.ReplicaSet{ObjectMeta: meta("api-6c9f7"), Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(1)), Selector: selector, Template: template("952")}},
		&appsv1.ReplicaSet{ObjectMeta: meta("api-58b64"), Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Selector: selector, Template: template("947")}},
	)
}
