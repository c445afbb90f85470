package locate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
)

// widen adds the nodes that what was found knows of and that nobody named: a
// service may select the primary only, a Sentinel is no data at all. Announced
// addresses are looked up among the namespace's pods.
func (r Request) widen(ctx context.Context, found *redisconn.Found) error {
	wanted := known(found.Instances)
	var failed error
	if len(found.Instances) == 0 {
		for _, s := range found.Sentinels {
			addresses, err := redisconn.AskSentinel(ctx, s.Endpoint)
			wanted, failed = append(wanted, addresses...), errors.Join(failed, err)
		}
		if len(wanted) == 0 {
			return failed
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	pods, err := r.pods(ctx, "")
	if apierrors.IsForbidden(err) && len(found.Instances) > 0 {
		return nil // what was named is there; the rest shows as absent
	}
	if err != nil {
		return err
	}
	more := r.Finder.Ask(ctx, elsewhere(pods, wanted, found))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	found.Instances, found.Skipped = append(found.Instances, more.Instances...), append(found.Skipped, more.Skipped...)
	if len(found.Instances) == 0 && len(found.Sentinels) > 0 {
		return fmt.Errorf("%w: the Sentinel %s names %v, and no pod of namespace %q answers there", ErrNone, found.Sentinels[0].Name(), wanted, r.Namespace)
	}
	return nil
}

// known are the addresses that servers have told of their like.
func known(all []*redisconn.Instance) (out []redisconn.Address) {
	for _, i := range all {
		if i.Server == nil {
			continue
		}
		repl := &i.Server.Replication
		if i.Server.IsReplica() {
			out = append(out, redisconn.Address{Host: repl.PrimaryHost, Port: repl.PrimaryPort})
		}
		for _, other := range repl.Replicas {
			out = append(out, redisconn.Address{Host: other.Host, Port: other.Port})
		}
		if i.Server.Cluster == nil {
			continue
		}
		for _, n := range i.Server.Cluster.Nodes {
			out = append(out, redisconn.Address{Host: n.Host, Port: n.Port}, redisconn.Address{Host: n.Hostname, Port: n.Port})
		}
	}
	return out
}

// elsewhere are the pods at these addresses that were not asked yet.
func elsewhere(pods []corev1.Pod, wanted []redisconn.Address, found *redisconn.Found) (out []redisconn.Candidate) {
	type place struct {
		pod  string
		port int
	}
	var done []place
	for _, i := range found.Instances {
		done = append(done, place{i.Pod.Name, i.Port})
	}
	for i := range pods {
		pod := &pods[i]
		for _, a := range wanted {
			at := place{pod.Name, a.Port}
			if a.Host == "" || pod.DeletionTimestamp != nil || !redisconn.PodAt(pod, a.Host) || slices.Contains(done, at) {
				continue
			}
			done = append(done, at)
			usable, _ := redisconn.Named(pod, "", a.Port)
			out = append(out, usable...)
		}
	}
	return out
}
