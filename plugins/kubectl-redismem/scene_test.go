package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

const password = "s3cr3t-for-tests"

// servers are real, but for the Memcached, of which only the answer matters.
type servers struct {
	open, locked, tls *redistest.Server
	memcached         string
	ca                string // file with the certificate of tls
}

func startServers(t *testing.T) *servers {
	t.Helper()
	cert, key := newCert(t)
	s := &servers{
		open:   redistest.Start(t),
		locked: redistest.Start(t, "--requirepass", password),
		tls: redistest.Start(t, "--port", "0", "--tls-port", redistest.PortPlaceholder, "--tls-cert-file", cert, "--tls-key-file", key,
			"--tls-ca-cert-file", cert, "--tls-auth-clients", "no"),
		memcached: startMemcached(t),
		ca:        cert,
	}
	fill(t, s.open, "")
	fill(t, s.locked, password)
	return s
}

// fill makes 100 BOOK-N, 50 user:N:profile, 3 keys in database 2, and 5 with
// names that are out for trouble.
func fill(t *testing.T, s *redistest.Server, password string) {
	t.Helper()
	e := &redisconn.Endpoint{Name: "test", Dial: s.Dial, Credentials: []redisconn.Credential{{Password: password}}}
	c := e.Client()
	defer c.Close()
	ctx := context.Background()
	pipe := c.Pipeline()
	for i := range 100 {
		pipe.Set(ctx, fmt.Sprintf("BOOK-%d", i), strings.Repeat("x", 100), 0)
	}
	for i := range 50 {
		pipe.HSet(ctx, fmt.Sprintf("user:%d:profile", i), "name", "n", "mail", "m")
	}
	for _, name := range []string{"", "=HYPERLINK(1)", "evil\r\n\x1b[31m\x00", "\xff\xfe", "<script>"} {
		pipe.Set(ctx, name, "v", 0)
	}
	pipe.Do(ctx, "SELECT", 2)
	for i := range 3 {
		pipe.Set(ctx, fmt.Sprintf("second:%d", i), "v", 0)
	}
	pipe.Do(ctx, "SELECT", 0)
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

func startMemcached(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if _, err := io.WriteString(conn, "ERROR\r\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func newCert(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// scene is the cluster that scripts meet, by namespace:
//
//	one        cache-0 with its password from a Secret, service cache, web-0
//	several    a-0 without a password, b-0 with a wrong one
//	wrong      redis-0, whose Secret holds an old password
//	nopass     redis-0, whose password is nowhere
//	tls        redis-0, which speaks TLS only
//	memcached  redis-0, which is a Memcached
//	refused    redis-0, where nothing listens
//	pending    redis-0, which is not running
//	none       web-0
//	empty      nothing
func scene() []runtime.Object {
	var out []runtime.Object
	for _, ns := range []string{"one", "several", "wrong", "nopass", "tls", "memcached", "refused", "pending", "none", "empty"} {
		out = append(out, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
		if ns != "none" && ns != "empty" && ns != "one" && ns != "several" {
			out = append(out, redisPod(ns, "redis-0", map[string]string{"wrong": "redis-auth"}[ns]))
		}
	}
	pending := out[len(out)-3].(*corev1.Pod)
	pending.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}}
	return append(out,
		redisPod("one", "cache-0", "redis-auth"), secret("one", password), cacheService(), cacheEndpoints(), kubetest.Pod("one", "web-0"),
		redisPod("several", "a-0", ""), redisPod("several", "b-0", "redis-auth"), secret("several", "old"),
		secret("wrong", "0ld-passw0rd"), kubetest.Pod("none", "web-0"))
}

func redisPod(namespace, name, secretName string) *corev1.Pod {
	p := kubetest.Pod(namespace, name, "server")
	p.Labels = map[string]string{"app": "cache"}
	c := &p.Spec.Containers[0]
	c.Image = "docker.io/library/redis:7"
	c.Ports = []corev1.ContainerPort{{Name: "redis", ContainerPort: 6379}}
	if secretName != "" {
		c.Env = []corev1.EnvVar{{Name: "REDIS_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: secretName}, Key: "password"}}}}
	}
	return p
}

func secret(namespace, value string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "redis-auth"}, Data: map[string][]byte{"password": []byte(value)}}
}

func cacheService() *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: "cache"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "cache"}, Ports: []corev1.ServicePort{{Port: 6379}}}}
}

func cacheEndpoints() *discoveryv1.EndpointSlice {
	yes, port := true, int32(6379)
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "one", Name: "cache-1", Labels: map[string]string{discoveryv1.LabelServiceName: "cache"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "one", Name: "cache-0"}}},
	}
}

func (s *servers) forward(k *kubetest.Server) {
	for pod, addr := range map[string]string{"one/cache-0": s.locked.Addr, "several/a-0": s.open.Addr, "several/b-0": s.locked.Addr,
		"wrong/redis-0": s.locked.Addr, "nopass/redis-0": s.locked.Addr, "tls/redis-0": s.tls.Addr, "memcached/redis-0": s.memcached} {
		k.Forward(pod, 6379, addr)
	}
}
