// Package debugger puts a container with a shell beside one that has none: an
// ephemeral container that shares the other one's processes, in which commands are
// then run by exec.
//
//	d := debugger.New(client, debugger.Options{Image: "busybox:1.37", Warn: warn})
//	t, err := d.Enter(ctx, target) // t.Container is now the debug container
//
// The container's files and processes are its image's own, but it sees the
// processes of its target, and the target's files below [Root]. It has the security
// context of its target, so that it is admitted wherever that was, and may do no
// more than that may.
//
// An ephemeral container cannot be removed from its pod. One that still runs is
// therefore used again, and each ends by itself when nobody has used it for a while;
// its entry stays in the pod's specification. Images need sh, sleep and /proc.
package debugger

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Root is where a debug container sees the files of its target, if the target has
// a process with the number 1, which it has unless the pod's containers share one
// process namespace.
const Root = "/proc/1/root"

// Client is the part of a typed client that is needed; a *kube.Client is one.
type Client interface {
	CoreV1() corev1client.CoreV1Interface
}

// Options say which container to add. Image is required.
type Options struct {
	Image string
	Idle  time.Duration // the container ends when it was unused so long; 0: [DefaultIdle]
	Wait  time.Duration // for the container to run; 0: one minute
	// Warn is called once, before the first container is added: that cannot be
	// undone. Nil: no warning.
	Warn func(text string)
}

const (
	defaultWait = time.Minute
	prefix      = "xexec-" // of the names of debug containers
	attempts    = 10       // to update a pod that others update, too
)

// Debugger adds containers to pods. It is safe for concurrent use by different
// targets.
type Debugger struct {
	client Client
	o      Options
	warn   sync.Once
}

// New returns a Debugger. Nothing is asked for yet.
func New(client Client, o Options) *Debugger {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	return &Debugger{client: client, o: o}
}

// Enter returns t with a container in which the image runs, beside t's own. It adds
// one if none of the image runs there, and waits until it does. An error means that
// no command was started; [Denied] tells whether rights are missing. It needs the
// verbs get on pods and update on pods/ephemeralcontainers.
func (d *Debugger) Enter(ctx context.Context, t resolve.Target) (resolve.Target, error) {
	if isOurs(t.Container) {
		return t, nil
	}
	name, err := d.ensure(ctx, t)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // says more than that a request was cancelled
	}
	if err != nil {
		return t, explain(fmt.Errorf("adding a debug container to pod %q: %w", t.Pod, err), t)
	}
	if err := d.await(ctx, t, name); err != nil {
		return t, explain(fmt.Errorf("waiting for debug container %q of pod %q: %w", name, t.Pod, err), t)
	}
	t.Container, t.DefaultedFrom = name, ""
	return t, nil
}

func isOurs(container string) bool { return strings.HasPrefix(container, prefix) }

// Denied reports whether an error of [Debugger.Enter] says that the user lacks
// rights.
func Denied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }

func explain(err error, t resolve.Target) error {
	if !Denied(err) {
		return err
	}
	return hint.With(err, fmt.Sprintf("--debug-image needs the verbs get on pods and update on pods/ephemeralcontainers; "+
		"check with: kubectl auth can-i update pods --subresource=ephemeralcontainers -n %s", t.Namespace))
}

// ensure returns the name of a debug container that runs or is about to. The
// server takes an update only of the pod as it was read, so that two clients never
// add one each without knowing of the other, and none adds one to a new pod of the
// same name.
func (d *Debugger) ensure(ctx context.Context, t resolve.Target) (string, error) {
	var conflict error
	for range attempts {
		pod, err := d.pod(ctx, t)
		if err != nil {
			return "", err
		}
		if name := reusable(pod, d.o.Image, t.Container); name != "" {
			return name, nil
		}
		c := d.container(pod, t.Container)
		if d.o.Warn != nil {
			d.warn.Do(func() { d.o.Warn(d.warning()) })
		}
		pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, c)
		_, err = d.client.CoreV1().Pods(t.Namespace).UpdateEphemeralContainers(ctx, t.Pod, pod, metav1.UpdateOptions{})
		if err == nil {
			return c.Name, nil
		}
		if !apierrors.IsConflict(err) {
			return "", err
		}
		conflict = err
	}
	return "", conflict
}

func (d *Debugger) warning() string {
	return fmt.Sprintf("debug containers of image %q cannot be removed from their pods; each ends when it was unused for %s", d.o.Image, idleText(d.o.Idle))
}

// pod reads the pod and makes sure that it is still the one that was meant.
func (d *Debugger) pod(ctx context.Context, t resolve.Target) (*corev1.Pod, error) {
	pod, err := d.client.CoreV1().Pods(t.Namespace).Get(ctx, t.Pod, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if t.UID != "" && pod.UID != t.UID {
		return nil, fmt.Errorf("the pod was replaced by another of the same name")
	}
	if pod.DeletionTimestamp != nil {
		return nil, fmt.Errorf("the pod is being deleted")
	}
	return pod, nil
}

// reusable is the name of a debug container of the image that runs beside target,
// or is going to; "" if there is none.
func reusable(pod *corev1.Pod, image, target string) string {
	for _, c := range pod.Spec.EphemeralContainers {
		if !isOurs(c.Name) || c.Image != image || c.TargetContainerName != target {
			continue
		}
		if s := state(pod, c.Name); s.Terminated == nil && trouble(s) == nil {
			return c.Name
		}
	}
	return ""
}

func (d *Debugger) container(pod *corev1.Pod, target string) corev1.EphemeralContainer {
	c := corev1.EphemeralContainer{
		TargetContainerName: target,
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name:                     prefix + strings.ToLower(rand.Text()[:6]),
			Image:                    d.o.Image,
			Command:                  keeperCommand(d.o.Idle, "/proc"),
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		},
	}
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == target {
			c.SecurityContext = pod.Spec.Containers[i].SecurityContext.DeepCopy()
		}
	}
	return c
}
