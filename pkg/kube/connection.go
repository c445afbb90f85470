package kube

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

// Explain adds to an error of talking to the API server what the user can do about
// it, if that is known and the error has no hint yet. Any other error, and nil,
// comes back as it is. It knows connections that fail, certificates, credentials
// and servers that are busy, in errors of typed clients as well as of pkg/podexec
// and pkg/podconn.
func Explain(err error) error {
	if err == nil || hint.Of(err) != "" {
		return err
	}
	for _, advice := range []func(error) string{adviceOnStatus, adviceOnCredentials, adviceOnCertificate, adviceOnNetwork} {
		if text := advice(err); text != "" {
			return hint.With(err, text)
		}
	}
	return err
}

const seeAddress = "'kubectl config view --minify' shows the address"

// adviceOnStatus is about answers of the API server, or of a proxy on the way.
func adviceOnStatus(err error) string {
	switch statusCode(err) {
	case http.StatusUnauthorized:
		return "log in again: the API server does not accept the credentials, they may have expired"
	case http.StatusTooManyRequests:
		return "the API server is busy: try again later, or with fewer requests at once"
	case http.StatusServiceUnavailable:
		return "the API server is not ready: try again shortly"
	case http.StatusProxyAuthRequired:
		return "the proxy wants a login: check HTTPS_PROXY, NO_PROXY and the kubeconfig's proxy-url"
	}
	return ""
}

// statusCode is the HTTP status that err stands for, or 0.
func statusCode(err error) int {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return int(status.Status().Code)
	}
	var refused *upgrade.Refused
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// adviceOnCredentials is about credential plugins, the programs that a kubeconfig
// names. Client-go's errors about them have no types.
func adviceOnCredentials(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "credential plugin that is not installed"):
		return "install the program that the kubeconfig's user names under 'exec', or put it on PATH"
	case strings.Contains(text, "getting credentials: plugin"):
		return "your kuberc forbids this credential plugin, see its credentialPluginPolicy"
	case strings.Contains(text, "getting credentials: "):
		return "the kubeconfig's credential plugin failed: run it by itself, or log in again"
	}
	return ""
}

func adviceOnCertificate(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "the kubeconfig trusts another authority than the one that signed the server's certificate: fetch the cluster's credentials again"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate is not valid at this time: have it renewed, and check this machine's clock"
	case errors.As(err, &host):
		return "connect by a name that the certificate is for, or give that name with --tls-server-name"
	}
	return ""
}

func adviceOnNetwork(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy does not answer: check HTTPS_PROXY, NO_PROXY and the kubeconfig's proxy-url"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "nobody here knows the API server's name: check DNS and the VPN; " + seeAddress
	case errors.As(err, &dns):
		return "the name server does not answer: check the network and the VPN"
	case refused(err):
		return "nothing listens at the API server's address: check that the cluster, or the tunnel to it, is up; " + seeAddress
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		return "the connection was opened but TLS went unanswered: an overloaded server or a proxy on the way; try again"
	case strings.Contains(err.Error(), "Client.Timeout exceeded"):
		return "the API server did not answer in time: try again, or give it longer with --request-timeout"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.As(err, &op) && errors.As(err, &timeout) && timeout.Timeout():
		return "no answer from the API server's address: check the network, the VPN and firewalls; " + seeAddress
	}
	return ""
}

// refused also knows the words of Windows, whose error number is not syscall's.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "actively refused")
}
