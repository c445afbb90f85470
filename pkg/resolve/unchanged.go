package resolve

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Unchanged returns an error unless t's name still belongs to the pod that was
// found, the one with its UID. If that cannot be known, because the pod may not be
// read or the API server does not answer, it returns nil: the exec itself will
// tell. A pod whose name nobody else can have is not asked about.
func Unchanged(ctx context.Context, client Client, t Target) error {
	if t.OneOff {
		return nil
	}
	pod, err := client.CoreV1().Pods(t.Namespace).Get(ctx, t.Pod, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("pod %q is gone since it was listed", t.Pod)
	case err != nil:
		return nil
	case pod.UID != t.UID:
		return fmt.Errorf("pod %q was replaced since it was listed: its UID was %s and is %s", t.Pod, t.UID, pod.UID)
	}
	return nil
}
