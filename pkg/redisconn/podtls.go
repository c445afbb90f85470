package redisconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"path"
	"strings"
)

// Where servers are told their TLS files: an option of the command line and of
// redis.conf, and variables of well-known images.
var tlsFiles = []struct {
	option    string
	variables []string
}{
	{"tls-ca-cert-file", []string{"REDIS_TLS_CA_FILE", "VALKEY_TLS_CA_FILE", "REDIS_TLS_CA_CERT", "REDIS_TLS_CA_KEY"}},
	{"tls-cert-file", []string{"REDIS_TLS_CERT_FILE", "VALKEY_TLS_CERT_FILE", "REDIS_TLS_CERT"}},
	{"tls-key-file", []string{"REDIS_TLS_KEY_FILE", "VALKEY_TLS_KEY_FILE", "REDIS_TLS_CERT_KEY"}},
}

// podTLS makes the TLS settings that the pod's own clients would use, from the
// files that its server is told: the CA, and the server's certificate for a
// server that wants one of clients. It is nil if the CA cannot be read here.
func podTLS(ctx context.Context, client Client, c Candidate, serverName string) (*tls.Config, string, error) {
	e := newEnvironment(client, c.Pod, c.Container)
	all := words(c.Container)
	conf, failed := e.file(ctx, configFile(all))
	var files [3]*value
	var names [3]string
	for i, f := range tlsFiles {
		names[i] = e.tlsFile(ctx, all, conf, f.option, f.variables)
		if i == 0 && names[i] == "" {
			continue
		}
		v, err := e.file(ctx, names[i])
		files[i], failed = v, errors.Join(failed, err)
	}
	if files[0] == nil && names[1] != "" { // kubernetes.io/tls Secrets keep the CA beside the certificate
		v, err := e.file(ctx, path.Join(path.Dir(names[1]), "ca.crt"))
		files[0], failed = v, errors.Join(failed, err)
	}
	if files[0] == nil {
		return nil, "", failed
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(files[0].text)) {
		return nil, "", errors.New(files[0].source + " holds no certificate of a CA")
	}
	cfg := verifying(roots, append(serviceNames(serverName), dnsNames(c)...))
	if files[1] != nil && files[2] != nil {
		if pair, err := tls.X509KeyPair([]byte(files[1].text), []byte(files[2].text)); err == nil {
			cfg.Certificates = []tls.Certificate{pair}
		}
	}
	return cfg, files[0].source, nil
}

func (e *environment) tlsFile(ctx context.Context, all []word, conf *value, name string, variables []string) string {
	if w, ok := option(all, name); ok {
		return w.text
	}
	for _, variable := range variables {
		if v, err := e.variable(ctx, variable); err == nil && v != nil && v.text != "" {
			if !path.IsAbs(v.text) { // OT-CONTAINER-KIT names the file only
				return path.Join("/tls", v.text)
			}
			return v.text
		}
	}
	if conf != nil {
		return directive(conf.text, name)
	}
	return ""
}

// serviceNames are what SERVICE.NAMESPACE.svc is also called.
func serviceNames(name string) []string {
	short, ok := strings.CutSuffix(name, ".svc")
	if !ok {
		return []string{name}
	}
	service, _, _ := strings.Cut(short, ".")
	return []string{name, name + ".cluster.local", short, service}
}

// dnsNames are those of a pod and of the headless service above it: what its
// certificate is for, as a rule.
func dnsNames(c Candidate) []string {
	pod := c.Pod
	if pod.Spec.Subdomain == "" {
		return []string{"localhost", pod.Name}
	}
	service := pod.Spec.Subdomain + "." + pod.Namespace + ".svc"
	return []string{pod.Name + "." + service, pod.Name + "." + service + ".cluster.local", service, service + ".cluster.local",
		pod.Spec.Subdomain, "localhost"}
}

// verifying checks the chain against roots, and that the certificate is for one
// of names; crypto/tls can check a single name only.
func verifying(roots *x509.CertPool, names []string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: names[0], RootCAs: roots,
		InsecureSkipVerify: true, // VerifyConnection does it, for several names
		VerifyConnection: func(s tls.ConnectionState) error {
			o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
			for _, c := range s.PeerCertificates[1:] {
				o.Intermediates.AddCert(c)
			}
			if _, err := s.PeerCertificates[0].Verify(o); err != nil {
				return err
			}
			var first error
			for _, name := range names {
				err := s.PeerCertificates[0].VerifyHostname(name)
				if err == nil {
					return nil
				}
				if first == nil {
					first = err
				}
			}
			return first
		},
	}
}
