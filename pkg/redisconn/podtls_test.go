package redisconn

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// TestTLSFromThePod: a server that wants TLS and a client certificate is reached
// with the files that its own pod has, under one of the pod's names, and not if
// these are another's.
func TestTLSFromThePod(t *testing.T) {
	certs := newCerts(t) // for redis.prod.svc
	server := redistest.Start(t, "--port", "0", "--tls-port", redistest.PortPlaceholder, "--tls-cert-file", certs.cert, "--tls-key-file", certs.key, "--tls-ca-cert-file", certs.cert)
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	files := secretObject("crt", map[string]string{"ca.crt": read(certs.cert), "tls.crt": read(certs.cert), "tls.key": read(certs.key)})
	bitnami := []corev1.EnvVar{{Name: "REDIS_TLS_CA_FILE", Value: "/certs/ca.crt"}, {Name: "REDIS_TLS_CERT_FILE", Value: "/certs/tls.crt"}, {Name: "REDIS_TLS_KEY_FILE", Value: "/certs/tls.key"}}
	args := []string{"--tls-ca-cert-file", "/certs/ca.crt", "--tls-cert-file", "/certs/tls.crt", "--tls-key-file", "/certs/tls.key"}
	for name, c := range map[string]struct {
		container corev1.Container
		service   string
		want      string // in the error, "" for none
	}{
		"variables":             {corev1.Container{Env: bitnami}, "redis", ""},
		"arguments":             {corev1.Container{Args: args}, "redis", ""},
		"CA beside certificate": {corev1.Container{Args: args[2:]}, "redis", ""},
		"of another service":    {corev1.Container{Env: bitnami}, "other", "checking the server's certificate"},
		"no files":              {corev1.Container{}, "redis", ErrNeedsTLS.Error()},
	} {
		cand := candidate("redis-0", 6379)
		cand.Pod.ObjectMeta = metav1.ObjectMeta{Name: "redis-0", Namespace: "prod"}
		cand.Pod.Spec.Subdomain, cand.Pod.Spec.Volumes = c.service, volume("v", corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "crt"}})
		*cand.Container = c.container
		cand.Container.VolumeMounts = mount("v", "/certs", "")
		f := finder(t, map[string]*redistest.Server{"redis-0:6379": server})
		f.Client = fake.NewClientset(files)
		i, err := f.askPort(context.Background(), cand, 6379, nil)
		if i != nil {
			err = i.Err
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPlainServerIsToldFromTLSQuickly: nobody waits for a handshake that never comes.
func TestPlainServerIsToldFromTLSQuickly(t *testing.T) {
	e := endpoint(redistest.Start(t))
	e.TLS = &tls.Config{InsecureSkipVerify: true}
	start := time.Now()
	_, err := e.Open(context.Background())
	if took := time.Since(start); !errors.Is(err, ErrNotTLS) || took > tlsProbeTime/2 {
		t.Errorf("%v after %v", err, took)
	}
}

// TestACLUsersOfThePod: from arguments, redis.conf and an ACL file; the server
// decides which is let in.
func TestACLUsersOfThePod(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "unknown", "--user", "app", "on", ">apw", "~*", "+@all")
	conf := secretObject("conf", map[string]string{"redis.conf": "port 6379\naclfile /etc/redis/users.acl\nuser off off >x ~* +@all\n",
		"users.acl": "user default on >wrong ~* +@all\nuser app on >apw ~* &* +@all\n"})
	mounted := volume("v", corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "conf"}})
	for name, c := range map[string]struct {
		container corev1.Container
		username  string
		tried     int
	}{
		"arguments":             {corev1.Container{Args: []string{"--user", "app", "on", ">$(PW)", "~*", "--port", "6379"}, Env: []corev1.EnvVar{{Name: "PW", Value: "apw"}}}, "", 1},
		"one argument":          {corev1.Container{Args: []string{`--user "app on >apw ~* +@all"`}}, "", 1},
		"ACL file of the conf":  {corev1.Container{Command: []string{"redis-server", "/etc/redis/redis.conf"}}, "", 2},
		"ACL file by argument":  {corev1.Container{Args: []string{"--aclfile", "/etc/redis/users.acl"}}, "", 2},
		"the user asked for":    {corev1.Container{Args: []string{"--aclfile", "/etc/redis/users.acl"}}, "app", 1},
		"variable for the name": {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_USERNAME", Value: "app"}, {Name: "REDIS_PASSWORD", Value: "apw"}}}, "", 2},
	} {
		cand := candidate("redis-0", 6379)
		cand.Pod.Namespace, cand.Pod.Spec.Volumes = "prod", mounted
		*cand.Container = c.container
		cand.Container.VolumeMounts = mount("v", "/etc/redis", "")
		f := finder(t, map[string]*redistest.Server{"redis-0:6379": server})
		f.Client, f.Username = fake.NewClientset(conf), c.username
		i, err := f.askPort(context.Background(), cand, 6379, nil)
		if err != nil || i.Err != nil || i.Endpoint.Used() == nil || i.Endpoint.Used().Username != "app" || len(i.Endpoint.Credentials) != c.tried {
			t.Errorf("%s: %v, %v, tried %v", name, err, i.Err, i.Endpoint.Credentials)
		}
	}
	// A server that lets everybody in is not bothered with a user that was merely found.
	open := redistest.Start(t)
	f := finder(t, map[string]*redistest.Server{"redis-0:6379": open})
	cand := candidate("redis-0", 6379)
	cand.Container.Args = []string{"--user", "app", "on", ">apw"}
	if i, err := f.askPort(context.Background(), cand, 6379, nil); err != nil || i.Err != nil || i.Endpoint.Used() != nil {
		t.Errorf("open server: %v, %v", err, i.Err)
	}
}
