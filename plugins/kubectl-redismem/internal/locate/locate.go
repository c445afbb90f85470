// Package locate decides which Redis is meant: the one that was named, or the
// only one of the namespace, with all nodes that share its data.
package locate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Request says what to look for.
type Request struct {
	Client    resolve.Client
	Finder    *redisconn.Finder
	Namespace string
	Ref       *resolve.Ref // nil: whatever is there
	Container string       // "": the likeliest
	Port      int          // 0: the likeliest
	// Command is what the user typed, up to the name of a pod, for the list of
	// several: kubectl redismem -n prod.
	Command string
}

// ErrNone: no Redis was found. ErrSeveral: more than one was.
var (
	ErrNone    = errors.New("no Redis found")
	ErrSeveral = errors.New("more than one Redis found")
)

// Find returns the one deployment that r means and that lets us in. If a pod was
// named, it is that pod alone.
func Find(ctx context.Context, r Request) (*redisconn.Deployment, error) {
	all, skipped, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	switch len(all) {
	case 0:
		return nil, r.none(skipped)
	case 1:
		return all[0], all[0].Err()
	}
	return nil, r.several(all)
}

// All returns every deployment that r means, those that let nobody in as well,
// and what looked like a server and is none.
func All(ctx context.Context, r Request) ([]*redisconn.Deployment, []redisconn.Skipped, error) {
	return r.all(ctx)
}

func (r Request) all(ctx context.Context) ([]*redisconn.Deployment, []redisconn.Skipped, error) {
	candidates, skipped, err := r.candidates(ctx)
	if err != nil {
		return nil, nil, err
	}
	found := r.Finder.Ask(ctx, candidates)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	skipped = append(skipped, found.Skipped...)
	if r.Ref != nil && r.Ref.Kind == resolve.Pod {
		var out []*redisconn.Deployment
		for _, i := range found.Instances {
			out = append(out, redisconn.Only(i))
		}
		if len(out) > 0 || len(found.Sentinels) == 0 {
			return out, skipped, nil
		}
	}
	if r.Ref != nil {
		if err := r.widen(ctx, found); err != nil {
			return nil, nil, err
		}
	}
	return redisconn.Deployments(found.Instances), skipped, nil
}

// Again looks for a shard of d once more, after its node was lost: its pods may
// have come back with other addresses, or another node may have taken over.
func Again(ctx context.Context, r Request, d *redisconn.Deployment, shard int) (*redisconn.Shard, error) {
	now, err := Find(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("looking for %s again: %w", d.Name, err)
	}
	return now.Like(&d.Shards[shard])
}

// candidates are the containers that may be meant.
func (r Request) candidates(ctx context.Context) ([]redisconn.Candidate, []redisconn.Skipped, error) {
	switch {
	case r.Ref == nil:
		return r.inNamespace(ctx)
	case r.Ref.Kind == resolve.Service:
		return r.behindService(ctx)
	case r.Ref.Kind == resolve.Pod:
		return r.named(ctx)
	}
	return r.ofWorkload(ctx)
}

// resolve asks for what r names, for the pods or for the words why there are none.
func (r Request) resolve(ctx context.Context) (*resolve.Found, error) {
	return resolve.Pods(ctx, r.Client, resolve.Query{Refs: []resolve.Ref{*r.Ref}, Namespaces: []string{r.Namespace}, Container: r.Container})
}

// named takes the one pod that was named. Resolve is not asked whether it is of
// use, because a broken container hides the others there: it is about commands.
func (r Request) named(ctx context.Context) ([]redisconn.Candidate, []redisconn.Skipped, error) {
	pod, err := r.pod(ctx, r.Ref.Name)
	if err != nil {
		if _, explained := r.resolve(ctx); explained != nil {
			err = explained
		}
		return nil, nil, err
	}
	found, skipped := redisconn.Named(pod, r.Container, r.Port)
	switch {
	case len(found) > 0:
		return found, skipped, nil
	case len(skipped) > 0:
		return nil, nil, hint.With(fmt.Errorf("pod %q %s", pod.Name, skipped[0].Reason),
			fmt.Sprintf("see why with: kubectl describe pod %s -n %s", pod.Name, pod.Namespace))
	}
	_, err = r.resolve(ctx) // says which containers there are
	return nil, nil, err
}

// ofWorkload takes all pods of a workload.
func (r Request) ofWorkload(ctx context.Context) (out []redisconn.Candidate, skipped []redisconn.Skipped, err error) {
	all, err := r.resolve(ctx)
	if err != nil {
		return nil, nil, err
	}
	add := func(name string) error {
		pod, err := r.pod(ctx, name)
		if err != nil {
			return err
		}
		if pod.DeletionTimestamp != nil {
			skipped = append(skipped, redisconn.Skipped{Pod: name, Reason: "is terminating"})
			return nil
		}
		found, not := redisconn.Named(pod, r.Container, r.Port)
		out, skipped = append(out, found...), append(skipped, not...)
		return nil
	}
	for _, t := range all.Targets {
		if err := add(t.Pod); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range all.Skipped {
		if s.Container != "" { // its default container does not run, but another may
			if err := add(s.Pod); err != nil {
				return nil, nil, err
			}
			continue
		}
		skipped = append(skipped, redisconn.Skipped{Pod: s.Pod, Reason: s.Reason})
	}
	return out, skipped, nil
}

func (r Request) pod(ctx context.Context, name string) (*corev1.Pod, error) {
	pod, err := r.Client.CoreV1().Pods(r.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("getting pod %q: %w", name, err)
	}
	return pod, nil
}

const pageSize = 500

func (r Request) inNamespace(ctx context.Context) ([]redisconn.Candidate, []redisconn.Skipped, error) {
	var out []redisconn.Candidate
	var skipped []redisconn.Skipped
	pods := 0
	for opts := (metav1.ListOptions{Limit: pageSize}); ; {
		list, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, opts)
		if apierrors.IsForbidden(err) {
			return nil, nil, hint.With(fmt.Errorf("listing pods: %w", err),
				"name the pod: kubectl redismem POD needs get on pods and create on pods/portforward only")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("listing pods: %w", err)
		}
		found, not := redisconn.Candidates(list.Items)
		out, skipped, pods = append(out, found...), append(skipped, not...), pods+len(list.Items)
		if opts.Continue = list.Continue; opts.Continue == "" {
			break
		}
	}
	if pods == 0 {
		// Asked again only for its explanation: the namespace may not exist.
		if _, err := resolve.Pods(ctx, r.Client, resolve.Query{Namespaces: []string{r.Namespace}}); err != nil {
			return nil, nil, err
		}
	}
	return r.narrow(out), skipped, nil
}

// narrow applies -c and --port to candidates that nobody named.
func (r Request) narrow(all []redisconn.Candidate) []redisconn.Candidate {
	var out []redisconn.Candidate
	for _, c := range all {
		if r.Container != "" && c.Container.Name != r.Container {
			continue
		}
		if r.Port != 0 {
			c.Ports = []int{r.Port}
		}
		out = append(out, c)
	}
	return out
}

// behindService takes all pods that the service selects, and of a service without
// a selector the ready pod that it leads to at this moment.
func (r Request) behindService(ctx context.Context) ([]redisconn.Candidate, []redisconn.Skipped, error) {
	port, err := r.servicePort(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := resolve.Port(ctx, r.Client, r.Namespace, resolve.PortRef{Kind: resolve.Service, Name: r.Ref.Name, Port: port})
	if err != nil {
		return nil, nil, err
	}
	pod, err := r.pod(ctx, b.Pod)
	if err != nil {
		return nil, nil, err
	}
	found, skipped := redisconn.Named(pod, r.Container, int(b.Port))
	others, err := r.selected(ctx, b.Pod, int(b.Port))
	return append(found, others...), skipped, err
}

// selected are the pods of the service besides the one named first. Those that
// cannot be asked are no news: the service does not lead to them either.
func (r Request) selected(ctx context.Context, first string, port int) ([]redisconn.Candidate, error) {
	service, err := r.Client.CoreV1().Services(r.Namespace).Get(ctx, r.Ref.Name, metav1.GetOptions{})
	if err != nil || len(service.Spec.Selector) == 0 {
		return nil, nil // resolve has been through it
	}
	var out []redisconn.Candidate
	pods, err := r.pods(ctx, labels.SelectorFromSet(service.Spec.Selector).String())
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	for i := range pods {
		if pods[i].Name != first && pods[i].DeletionTimestamp == nil {
			found, _ := redisconn.Named(&pods[i], r.Container, port)
			out = append(out, found...)
		}
	}
	return out, err
}

// pods lists the namespace's pods that match selector.
func (r Request) pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	var out []corev1.Pod
	for opts := (metav1.ListOptions{Limit: pageSize, LabelSelector: selector}); ; {
		list, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, opts)
		if err != nil {
			return nil, fmt.Errorf("listing pods: %w", err)
		}
		out = append(out, list.Items...)
		if opts.Continue = list.Continue; opts.Continue == "" {
			return out, nil
		}
	}
}

// servicePort is --port, or the service's port that looks like Redis, or its
// only one.
func (r Request) servicePort(ctx context.Context) (string, error) {
	const redisPort = 6379
	if r.Port != 0 {
		return fmt.Sprint(r.Port), nil
	}
	service, err := r.Client.CoreV1().Services(r.Namespace).Get(ctx, r.Ref.Name, metav1.GetOptions{})
	if err != nil {
		if apierrors.IsNotFound(err) { // resolve has the better words
			return fmt.Sprint(redisPort), nil
		}
		return "", fmt.Errorf("getting service %q: %w", r.Ref.Name, err)
	}
	var all []string
	for _, p := range service.Spec.Ports {
		number := fmt.Sprint(p.Port)
		if p.Port == redisPort || redisconn.LooksLikeRedis(p.Name) {
			return number, nil
		}
		all = append(all, number)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return "", hint.With(fmt.Errorf("service %q has several ports and none looks like Redis", r.Ref.Name),
		"choose one with --port: "+strings.Join(all, ", "))
}
