package podconn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// explainTime bounds the look at the pod after a failed dial: the error itself is
// known, and the user waits for it.
const explainTime = 2 * time.Second

// explain adds to a failed dial what the user can do. The state of the pod comes
// first, because it explains most failures better than the node does.
func (d *Dialer) explain(ctx context.Context, err error, a Addr) error {
	var refused *upgrade.Refused
	var pod *PodError
	switch {
	case ctx.Err() != nil:
		return err
	case errors.As(err, &refused) && refused.Code == http.StatusForbidden:
		return hint.With(err, "this needs the verbs create and get on pods/portforward, "+
			"check with: kubectl auth can-i create pods --subresource=portforward -n "+a.Namespace)
	case refused != nil && (refused.Code == http.StatusUnauthorized || refused.Code == http.StatusTooManyRequests):
		return err
	case refused == nil && !errors.As(err, &pod):
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	if better := d.unreachable(ctx, a); better != nil {
		return better
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	p, getErr := d.client.CoreV1().Pods(a.Namespace).Get(ctx, a.Pod, metav1.GetOptions{})
	if getErr != nil {
		return err
	}
	return hint.With(err, fmt.Sprintf("nothing listens on localhost:%d in the pod; %s", a.Port, resolve.PortsHint(p)))
}

// unreachable says that the pod does not exist or does not run, if that is so and
// can be known.
func (d *Dialer) unreachable(ctx context.Context, a Addr) error {
	ref := resolve.PortRef{Kind: resolve.Pod, Name: a.Pod, Port: strconv.Itoa(int(a.Port))}
	_, err := resolve.Port(ctx, d.client, a.Namespace, ref)
	if hint.Of(err) == "" || apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
