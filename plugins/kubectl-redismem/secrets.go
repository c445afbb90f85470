package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
)

// passwordEnv are looked at with --addr, the first that is set. In a cluster the
// pod's own password is taken: one that is set for another server must not be
// sent to whatever was found.
var passwordEnv = []string{"REDISMEM_PASSWORD", "REDISCLI_AUTH"}

// password is the one that the user gave, if any. There is no flag for it: the
// command line is for everyone to read.
func (f *flags) password() ([]redisconn.Credential, error) {
	if f.passwordFile != "" {
		text, err := cli.ReadPassword("--password-file", f.passwordFile, f.io.In)
		if err != nil {
			return nil, err
		}
		return []redisconn.Credential{{Username: f.username, Password: text, Source: "--password-file " + f.passwordFile}}, nil
	}
	if f.addr == "" {
		return nil, nil
	}
	for _, name := range passwordEnv {
		if value := os.Getenv(name); value != "" {
			return []redisconn.Credential{{Username: f.username, Password: value, Source: "env " + name}}, nil
		}
	}
	if f.username != "" {
		return nil, hint.With(cli.Usagef("--username %q without a password", f.username), passwordHint)
	}
	return nil, nil
}

const passwordHint = "give the password with --password-file FILE (- for stdin)"

// tlsOptions are the parsed --tls flags.
type tlsOptions struct {
	roots      *x509.CertPool // nil: the system's
	clients    []tls.Certificate
	name       string
	skipVerify bool
}

func (f tlsFlags) options() (*tlsOptions, error) {
	if f == (tlsFlags{}) {
		return nil, nil
	}
	o := &tlsOptions{name: f.name, skipVerify: f.skipVerify}
	if f.caFile != "" {
		pem, err := os.ReadFile(f.caFile)
		if err != nil {
			return nil, cli.WithCode(fmt.Errorf("reading the CA's certificates: %w", err), cli.ExitUsage)
		}
		o.roots = x509.NewCertPool()
		if !o.roots.AppendCertsFromPEM(pem) {
			return nil, cli.Usagef("--tls-ca-file %q holds no certificate in PEM format", f.caFile)
		}
	}
	if (f.certFile == "") != (f.keyFile == "") {
		return nil, cli.Usagef("--tls-cert-file and --tls-key-file go together")
	}
	if f.certFile != "" {
		pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		if err != nil {
			return nil, cli.WithCode(fmt.Errorf("reading the client certificate: %w", err), cli.ExitUsage)
		}
		o.clients = []tls.Certificate{pair}
	}
	return o, nil
}

// config is for a server that is known as name unless --tls-name says otherwise.
func (o *tlsOptions) config(name string) *tls.Config {
	if o == nil {
		return nil
	}
	if o.name != "" {
		name = o.name
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: o.roots, Certificates: o.clients,
		ServerName: name, InsecureSkipVerify: o.skipVerify,
	}
}
