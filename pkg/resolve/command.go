package resolve

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// connected is a [Client] that knows with which flags its user reached the
// cluster, quoted for a shell, as a client of kube.Flags does.
type connected interface{ ConnectionArgs() []string }

// kubectl renders a command for the user to copy. It leads to the cluster, and
// acts as the user, that the client does.
func (r *resolver) kubectl(args ...string) string { return kubectl(r.client, args...) }

func kubectl(client Client, args ...string) string {
	if c, ok := client.(connected); ok {
		args = append(args[:len(args):len(args)], c.ConnectionArgs()...)
	}
	return "kubectl " + strings.Join(args, " ")
}

// where is kubectl's flag for a namespace, "" for all.
func where(ns string) []string {
	if ns == "" {
		return []string{"-A"}
	}
	return []string{"-n", ns}
}

// explain adds to a refusal the command that checks the missing permission, what
// being "list pods".
func (r *resolver) explain(err error, what, ns string) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	args := append([]string{"auth", "can-i", what}, where(ns)...)
	return hint.With(err, "check your permission with: "+r.kubectl(args...))
}
