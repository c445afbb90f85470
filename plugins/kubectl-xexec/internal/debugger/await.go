package debugger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Polling needs no verb besides get, and a container is there within a second or
// waits for an image.
const (
	firstPoll = 100 * time.Millisecond
	lastPoll  = time.Second
)

// await returns when the container runs, or with the reason why it does not.
func (d *Debugger) await(ctx context.Context, t resolve.Target, name string) error {
	waiting := fmt.Errorf("it does not run after %s", d.o.Wait)
	ctx, cancel := context.WithTimeoutCause(ctx, d.o.Wait, waiting)
	defer cancel()
	last := ""
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		pod, err := d.pod(ctx, t)
		if ctx.Err() != nil {
			return late(context.Cause(ctx), last)
		}
		if err != nil {
			return err
		}
		s := state(pod, name)
		if s.Running != nil {
			return nil
		}
		if err := ended(s); err != nil {
			return err
		}
		if err := trouble(s); err != nil {
			return err
		}
		if s.Waiting != nil {
			last = s.Waiting.Reason
		}
		if err := pause.For(ctx, wait); err != nil {
			return late(err, last)
		}
	}
}

func late(cause error, last string) error {
	if last != "" {
		return fmt.Errorf("%w, it is %q", cause, last)
	}
	return cause
}

// state is what the kubelet last said of a container; empty if nothing yet.
func state(pod *corev1.Pod, name string) corev1.ContainerState {
	for _, s := range pod.Status.EphemeralContainerStatuses {
		if s.Name == name {
			return s.State
		}
	}
	return corev1.ContainerState{}
}

// hopeless are the reasons for waiting that do not go away by waiting, with what
// the user can do.
var hopeless = map[string]string{
	"ErrImagePull":               "check the name given to --debug-image, and whether the node can pull it",
	"ImagePullBackOff":           "check the name given to --debug-image, and whether the node can pull it",
	"InvalidImageName":           "check the name given to --debug-image",
	"ErrImageNeverPull":          "the image must be on the node already",
	"RegistryUnavailable":        "the node cannot reach the registry of the image given to --debug-image",
	"SignatureValidationFailed":  "the node does not trust the image given to --debug-image",
	"CreateContainerConfigError": "the debug container has the security context of its target: an image that runs as root does not pass runAsNonRoot",
	"CreateContainerError":       "",
	"RunContainerError":          needsShell,
}

const needsShell = "the image given to --debug-image needs sh and sleep; busybox has them"

func trouble(s corev1.ContainerState) error {
	if s.Waiting == nil {
		return nil
	}
	advice, known := hopeless[s.Waiting.Reason]
	if !known {
		return nil
	}
	return hint.With(errors.New(withMessage(s.Waiting.Reason, s.Waiting.Message)), advice)
}

func ended(s corev1.ContainerState) error {
	if s.Terminated == nil {
		return nil
	}
	what := fmt.Sprintf("it ended with exit code %d (%s)", s.Terminated.ExitCode, s.Terminated.Reason)
	return hint.With(errors.New(withMessage(what, s.Terminated.Message)), needsShell)
}

// withMessage adds the first line of what the kubelet says.
func withMessage(reason, message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	if message == "" {
		return reason
	}
	return reason + ": " + message
}
