package kube_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// listPods is a real request, with a real error.
func listPods(t *testing.T, cfg *rest.Config) error {
	t.Helper()
	client, err := kube.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	return err
}

// closedPort is an address where nothing listens any more.
func closedPort(t *testing.T) string {
	l := listen(t)
	_ = l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// silent accepts connections and never says a word.
func silent(t *testing.T) string {
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	return l.Addr().String()
}

// certified serves with a self-signed certificate for name, and returns the
// certificate for clients to trust.
func certified(t *testing.T, name string, until time.Time) (address string, ca []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "api"}, DNSNames: []string{name},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestExplainKnowsRealFailures(t *testing.T) {
	soon, ago := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	strange, _ := certified(t, "127.0.0.1", soon)
	expired, expiredCA := certified(t, "127.0.0.1", ago)
	misnamed, misnamedCA := certified(t, "api.example.test", soon)
	impatient := &net.Dialer{Timeout: time.Nanosecond} // real, and sure to run out
	helper := filepath.Join(t.TempDir(), "get-token")
	if err := os.WriteFile(helper, []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	plugin := func(command string, policy clientcmdapi.PolicyType) *rest.Config {
		return &rest.Config{Host: "https://" + closedPort(t), ExecProvider: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: command, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
			InstallHint: "ask ops", PluginPolicy: clientcmdapi.PluginPolicy{PolicyType: policy},
		}}
	}
	for name, tc := range map[string]struct {
		cfg  *rest.Config
		want string
	}{
		"connection refused": {&rest.Config{Host: "https://" + closedPort(t)}, "nothing listens"},
		"no such host":       {&rest.Config{Host: "https://api.invalid"}, "name"}, // unknown, or asked in vain
		"dial timeout":       {&rest.Config{Host: "https://" + closedPort(t), Dial: impatient.DialContext}, "no answer"},
		"TLS timeout": {&rest.Config{Host: "https://" + silent(t), Transport: &http.Transport{
			TLSHandshakeTimeout: 20 * time.Millisecond}}, "TLS went unanswered"},
		"request timeout":   {&rest.Config{Host: "http://" + silent(t), Timeout: 20 * time.Millisecond}, "--request-timeout"},
		"unknown authority": {&rest.Config{Host: "https://" + strange}, "another authority"},
		"expired":           {&rest.Config{Host: "https://" + expired, TLSClientConfig: rest.TLSClientConfig{CAData: expiredCA}}, "not valid at this time"},
		"wrong host":        {&rest.Config{Host: "https://" + misnamed, TLSClientConfig: rest.TLSClientConfig{CAData: misnamedCA}}, "--tls-server-name"},
		"proxy refused": {&rest.Config{Host: "https://api.invalid", Proxy: func(*http.Request) (*url.URL, error) {
			return url.Parse("http://" + closedPort(t))
		}}, "HTTPS_PROXY"},
		"plugin missing":   {plugin("no-such-credential-plugin", ""), "install the program"},
		"plugin fails":     {plugin(helper, ""), "plugin failed"},
		"plugin forbidden": {plugin(helper, clientcmdapi.PluginPolicyDenyAll), "kuberc"},
	} {
		err := listPods(t, tc.cfg)
		explained := kube.Explain(err)
		if err == nil || !strings.Contains(hint.Of(explained), tc.want) {
			t.Errorf("%s: error %v, hint %q; want %q in it", name, err, hint.Of(explained), tc.want)
		} else if explained.Error() != err.Error() || !errors.Is(explained, err) {
			t.Errorf("%s: explaining changed the error to %v", name, explained)
		}
	}
}

func TestExplainKnowsAnswers(t *testing.T) {
	server := kubetest.Start(t, kubetest.Options{})
	server.Put(kubetest.Pod("default", "web-0"))
	stranger := server.RESTConfig()
	stranger.BearerToken = "expired"
	for name, tc := range map[string]struct {
		cfg   *rest.Config
		fault kubetest.Fault
		want  string
	}{
		"401":            {cfg: stranger, want: "log in again"},
		"429":            {cfg: server.RESTConfig(), fault: kubetest.Fault{Code: 429}, want: "busy"},
		"503":            {cfg: server.RESTConfig(), fault: kubetest.Fault{Code: 503}, want: "not ready"},
		"503 of a proxy": {cfg: server.RESTConfig(), fault: kubetest.Fault{Code: 503, Plain: true}, want: "not ready"},
		"500 says all":   {cfg: server.RESTConfig(), fault: kubetest.Fault{Code: 500}},
	} {
		server.Faults().Set(tc.fault)
		for way, err := range map[string]error{"list": listPods(t, tc.cfg), "exec": execIn(t, tc.cfg)} {
			got := hint.Of(kube.Explain(err))
			if err == nil || !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("%s, %s: error %v, hint %q; want %q in it", name, way, err, got, tc.want)
			}
		}
	}
}

func execIn(t *testing.T, cfg *rest.Config) error {
	t.Helper()
	exec, err := podexec.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return exec.Run(t.Context(), podexec.Request{
		Namespace: "default", Pod: "web-0", Container: "app", Command: []string{"true"}, Stdout: io.Discard, Stderr: io.Discard,
	}).Err
}

func TestExplainKeepsWhatIsSaid(t *testing.T) {
	if kube.Explain(nil) != nil {
		t.Error("nil became an error")
	}
	plain := errors.New("disk full")
	if got := kube.Explain(plain); got != plain {
		t.Errorf("an error of something else became %#v", got)
	}
	if err := kube.Explain(context.DeadlineExceeded); hint.Of(err) != "" {
		t.Errorf("the user's own time limit has the hint %q", hint.Of(err))
	}
	said := hint.With(listPods(t, &rest.Config{Host: "https://" + closedPort(t)}), "start it")
	if got := hint.Of(kube.Explain(said)); got != "start it" {
		t.Errorf("the hint %q took the place of a better one", got)
	}
}
