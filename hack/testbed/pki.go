package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// authority signs every certificate of one testbed. It lives as long as the
// state folder does.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// identity is what a certificate says about its holder. One with addresses may
// also serve.
type identity struct {
	file string
	user string
	org  string
	ips  []string
}

var identities = []identity{
	{file: "admin", user: "testbed-admin", org: "system:masters"},
	{file: "apiserver", user: "kube-apiserver", ips: []string{"127.0.0.1", "10.251.0.1"}},
	{file: "apiserver-kubelet", user: "kube-apiserver-kubelet-client", org: "system:masters"},
	{file: "front-proxy", user: "front-proxy-client"},
	{file: "kube-controller-manager", user: "system:kube-controller-manager"},
	{file: "kube-scheduler", user: "system:kube-scheduler"},
	{file: "kubelet", user: "system:node:" + nodeName, org: "system:nodes", ips: []string{nodeIP}},
	{file: "kwok", user: "kwok", org: "system:masters"},
	{file: "metrics-server", user: "metrics-server", org: "system:masters", ips: []string{nodeIP}},
}

// pki makes the keys, certificates and kubeconfigs, once per state folder.
func (t *testbed) pki() error {
	if _, err := os.Stat(t.Kubeconfig); err == nil {
		return nil
	}
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("making the certificate authority: %w", err)
	}
	if err := t.writePEM("ca.crt", "CERTIFICATE", ca.cert.Raw); err != nil {
		return err
	}
	for _, id := range identities {
		if err := t.issue(ca, id); err != nil {
			return fmt.Errorf("making the certificate of %s: %w", id.user, err)
		}
	}
	if err := t.writeServiceAccountKey(); err != nil {
		return fmt.Errorf("making the service account key: %w", err)
	}
	for _, name := range []string{"kube-controller-manager", "kube-scheduler", "kubelet", "kwok", "metrics-server"} {
		if err := t.writeKubeconfig(name, t.path("pki", name+".kubeconfig")); err != nil {
			return err
		}
	}
	return t.writeKubeconfig("admin", t.Kubeconfig) // last: it says that all is there
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "kubectl-suite testbed"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	return &authority{cert: cert, key: key}, err
}

func (t *testbed) issue(ca *authority, id identity) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: id.user},
		NotBefore:    ca.cert.NotBefore,
		NotAfter:     ca.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if id.org != "" {
		template.Subject.Organization = []string{id.org}
	}
	if len(id.ips) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		template.DNSNames = []string{"localhost"}
	}
	for _, ip := range id.ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return err
	}
	if err := t.writePEM(id.file+".crt", "CERTIFICATE", raw); err != nil {
		return err
	}
	return t.writeKey(id.file+".key", key)
}

// writeServiceAccountKey makes the pair that signs and checks pod tokens.
func (t *testbed) writeServiceAccountKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := t.writePEM("sa.pub", "PUBLIC KEY", public); err != nil {
		return err
	}
	return t.writeKey("sa.key", key)
}

func (t *testbed) writeKey(name string, key *ecdsa.PrivateKey) error {
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return t.writePEM(name, "EC PRIVATE KEY", raw)
}

func (t *testbed) writePEM(name, kind string, raw []byte) error {
	return writeFile(t.path("pki", name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
}

// writeKubeconfig embeds the certificates, so that the file can be copied.
// JSON is YAML, and []byte becomes base64 as the format wants it.
func (t *testbed) writeKubeconfig(identity, path string) error {
	var pems [3][]byte
	for i, name := range []string{"ca.crt", identity + ".crt", identity + ".key"} {
		data, err := os.ReadFile(t.path("pki", name))
		if err != nil {
			return err
		}
		pems[i] = data
	}
	type m map[string]any
	data, err := json.MarshalIndent(m{
		"apiVersion": "v1", "kind": "Config", "current-context": "testbed",
		"clusters": []m{{"name": "testbed", "cluster": m{
			"server": fmt.Sprintf("https://127.0.0.1:%d", apiPort), "certificate-authority-data": pems[0]}}},
		"users":    []m{{"name": identity, "user": m{"client-certificate-data": pems[1], "client-key-data": pems[2]}}},
		"contexts": []m{{"name": "testbed", "context": m{"cluster": "testbed", "user": identity, "namespace": "default"}}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(data, '\n'))
}
