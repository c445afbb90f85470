//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// htpasswd has registrytest's user and password, hashed as cheaply as bcrypt allows.
const htpasswd = `
apiVersion: v1
kind: Secret
metadata: {name: htpasswd}
stringData: {htpasswd: "tester:$2y$04$/2Kb6ZMbeLDzntF5Y7BKc.0k2ysJvq9yc/Y1p.I4AVCwd2El/rgyS"}
`

// pullSecret has them for a name of the registry.
const pullSecret = `
apiVersion: v1
kind: Secret
metadata: {name: pull}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"%s": {"username": "%s", "password": "%s"}}}'}
`

// withPassword: the login comes from a pull secret beside the registry, and is shown
// nowhere.
func withPassword(t *testing.T, c *Cluster) {
	d := c.depot(t, depotSpec{image: "registry:2", password: true})
	for i := range 4 {
		d.push(t, "app", image(fmt.Sprint("build ", i)), fmt.Sprint(i))
	}
	d.ApplyText(t, fmt.Sprintf(useOf, d.port+"/"+d.Name+"/app:0"))
	rule := []string{"--keep-number", ">=2", "--min-age", "0s"}
	if r := d.regprune(t, rule...); r.Code == 0 || !strings.Contains(r.Stderr, "hint: give --username") {
		t.Errorf("without a login: exit code %d: %s", r.Code, r.Stderr)
	}
	d.ApplyText(t, fmt.Sprintf(pullSecret, d.port, registrytest.User, d.password))
	said := ""
	for _, args := range [][]string{rule, append([]string{"apply", "--gc", "--yes"}, rule...), {"verify"}, {"doctor"}, {"restore", "last", "--check", "-q"}} {
		code := 0
		if args[0] == "restore" {
			code = 4 // it is gone
		}
		r := d.must(t, code, args...)
		said += r.Stdout + r.Stderr
	}
	if !strings.Contains(said, "logged in as "+registrytest.User) || strings.Contains(said, d.password) {
		t.Errorf("where the login is from is not said, or too much is:\n%s", said)
	}
	if left := d.listed(t, "app"); len(left) != 3 {
		t.Errorf("%v are left", left)
	}
}
