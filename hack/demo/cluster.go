package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

const (
	namespace = "prod"
	redisPod  = "redis-0"
	password  = "correct horse"
	redisPort = 6379
)

// cluster is the namespace "prod" with Deployments and a Redis, and the namespace
// "registry" with the registry that they pull from.
type cluster struct {
	api      *kubetest.Server
	redis    *redistest.Server
	keys     int64
	registry *registry
}

func newCluster(ctx context.Context, dir string) (c *cluster, err error) {
	c = &cluster{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.api, err = kubetest.New(kubetest.Options{}); err != nil {
		return c, err
	}
	if c.redis, err = redistest.Run(dir, "--requirepass", password); err != nil {
		return c, err
	}
	if c.keys, err = fill(ctx, c.redis.Addr); err != nil {
		return c, err
	}
	if c.registry, err = runRegistry(ctx, dir); err != nil {
		return c, err
	}
	c.api.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	c.addRedis()
	c.addRegistry()
	c.addAPI()
	return c, c.addWeb(dir)
}

func (c *cluster) close() {
	if c.api != nil {
		c.api.Close()
	}
	if c.redis != nil {
		c.redis.Stop()
	}
	if c.registry != nil {
		c.registry.close()
	}
}

// cut makes exec connections to one pod break; an empty name heals them all.
func (c *cluster) cut(pod string) {
	c.api.Faults().Clear()
	if pod == "" {
		return
	}
	c.api.Faults().Func(func(r *http.Request) kubetest.Fault {
		if !strings.Contains(r.URL.Path, "/pods/"+pod+"/") {
			return kubetest.Fault{}
		}
		return kubetest.Fault{On: "exec", Break: kubetest.Abnormal}
	})
}

// addWeb adds a Deployment, whose third pod runs an older version.
func (c *cluster) addWeb(dir string) error {
	labels := map[string]string{"app": "web"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web", UID: "deployment-web"},
		Spec:       appsv1.DeploymentSpec{Selector: selector},
	}
	replicas := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web-7d4b9", UID: "replicaset-web", Labels: labels,
			OwnerReferences: ownedBy("Deployment", deployment.Name, deployment.UID)},
		Spec: appsv1.ReplicaSetSpec{Selector: selector},
	}
	c.api.Put(deployment, replicas)
	for letter, version := range map[string]string{"a": "2.4.1", "b": "2.4.1", "c": "2.3.0"} {
		pod := kubetest.Pod(namespace, "web-7d4b9-"+letter, "web")
		pod.Labels = labels
		pod.OwnerReferences = ownedBy("ReplicaSet", replicas.Name, replicas.UID)
		files := filepath.Join(dir, pod.Name)
		if err := writeFiles(files, map[string]string{"VERSION": version + "\n", "backup.sh": "echo saved\n"}); err != nil {
			return err
		}
		c.api.Put(pod)
		c.api.Container(namespace+"/"+pod.Name+"/web", kubetest.Container{Dir: files})
	}
	return nil
}

// addRedis adds a pod whose port is the real server and whose password is in a Secret.
func (c *cluster) addRedis() {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "redis-auth"},
		Data:       map[string][]byte{"password": []byte(password)},
	}
	pod := kubetest.Pod(namespace, redisPod, "redis")
	container := &pod.Spec.Containers[0]
	container.Image = "redis:7"
	container.Ports = []corev1.ContainerPort{{Name: "redis", ContainerPort: redisPort}}
	container.Env = []corev1.EnvVar{{Name: "REDIS_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret.Name}, Key: "password",
	}}}}
	c.api.Put(secret, pod)
	c.api.Forward(namespace+"/"+redisPod, redisPort, c.redis.Addr)
}

func ownedBy(kind, name string, uid types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: &yes}}
}

func writeFiles(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a pod's folder: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing a pod's file: %w", err)
		}
	}
	return nil
}
