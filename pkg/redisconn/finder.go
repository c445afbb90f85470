package redisconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Finder asks pods whether they run a server.
type Finder struct {
	Client Client
	// Dialer returns the function that dials a port of a pod.
	Dialer func(pod string, port int) DialFunc
	// Endpoint is the model for each server's endpoint: TLS, names, hints, timeout.
	// If it has Credentials, those are used and the pod's own are not looked for.
	Endpoint func() *Endpoint
	// Username is the ACL user that the pod's passwords belong to, "" for the
	// default user.
	Username string
	// ServerName is the service that was named, SERVICE.NAMESPACE.svc, or another
	// name that certificates found in pods may be for; "" if there is none.
	ServerName string
}

// Instance is a server that was found. Its Pod is nil if it was reached by its
// address, see [Discover].
type Instance struct {
	Candidate
	Port     int
	Endpoint *Endpoint
	Server   *Server // nil if Err is not
	// Err is why the server would not let us in; that it is a Redis is certain.
	Err error
}

// Name is POD:PORT, or the endpoint's name outside of pods.
func (i *Instance) Name() string {
	if i.Pod == nil {
		return i.Endpoint.Name
	}
	return fmt.Sprintf("%s:%d", i.Pod.Name, i.Port)
}

// Found is what asking the candidates gave.
type Found struct {
	Instances []*Instance // in the order of the candidates
	Sentinels []*Instance // watch over others, and know where these are
	Skipped   []Skipped   // looked like servers, but are not or cannot be asked
}

// maxProbes is how many servers are asked at once: each costs a tunnel.
const maxProbes = 8

// Ask connects to each candidate and reports those that answer as Redis does.
func (f *Finder) Ask(ctx context.Context, candidates []Candidate) *Found {
	type answer struct {
		instance *Instance
		err      error
	}
	answers := make([]answer, len(candidates))
	var wait sync.WaitGroup
	slots := make(chan struct{}, maxProbes)
	for i, c := range candidates {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			answers[i].instance, answers[i].err = f.ask(ctx, c, candidates)
		})
	}
	wait.Wait()

	found := &Found{}
	for i, a := range answers {
		if errors.Is(a.err, ErrSentinel) && a.instance != nil {
			found.Sentinels = append(found.Sentinels, a.instance)
			a.instance = nil
		}
		if a.instance == nil {
			found.Skipped = append(found.Skipped, Skipped{candidates[i].Pod.Name, a.err.Error(), a.err})
			continue
		}
		found.add(a.instance)
	}
	return found
}

// add keeps one answer for each port of a pod, the best: its containers share the
// network, and each of them may lead to the same server.
func (f *Found) add(i *Instance) {
	known := slices.IndexFunc(f.Instances, func(o *Instance) bool { return o.Name() == i.Name() })
	switch {
	case known < 0:
		f.Instances = append(f.Instances, i)
	case f.Instances[known].Err != nil && i.Err == nil:
		f.Instances[known] = i
	}
}

// ask tries the candidate's ports until one answers. The error is that of the
// likeliest port.
func (f *Finder) ask(ctx context.Context, c Candidate, all []Candidate) (*Instance, error) {
	var first error
	for _, port := range c.Ports {
		i, err := f.askPort(ctx, c, port, all)
		if err == nil || i != nil {
			return i, err
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

func (f *Finder) askPort(ctx context.Context, c Candidate, port int, all []Candidate) (*Instance, error) {
	i := &Instance{Candidate: c, Port: port, Endpoint: f.Endpoint()}
	i.Endpoint.Name = "pod/" + i.Name()
	i.Endpoint.Addr = i.Endpoint.Name
	i.Endpoint.Dial = f.Dialer(c.Pod.Name, port)
	i.Endpoint.Username = f.Username
	var unread error
	if len(i.Endpoint.Credentials) == 0 {
		i.Endpoint.Credentials, unread = f.credentials(ctx, c, port, all)
	}
	if err := i.inspect(ctx); errors.Is(err, ErrNeedsTLS) && i.Endpoint.TLS == nil {
		i.startTLS(ctx, f)
	}
	switch {
	case i.Err == nil && i.Server.Mode == modeSentinel:
		return i, ErrSentinel
	case i.Err == nil:
		return i, nil
	case errors.Is(i.Err, ErrNoPassword) && unread != nil:
		i.Err = fmt.Errorf("%w: %w", i.Err, unread)
		return i, nil
	case certain(i.Err):
		return i, nil
	}
	return nil, i.Err
}

// startTLS asks once more with the CA that the pod itself is given. If there is
// none to be had, the user has to say how.
func (i *Instance) startTLS(ctx context.Context, f *Finder) {
	serverName := f.ServerName
	if serverName == "" {
		serverName = i.Pod.Name
	}
	cfg, _, err := podTLS(ctx, f.Client, i.Candidate, serverName)
	if cfg == nil {
		if err != nil {
			i.Err = hint.With(fmt.Errorf("%w, and its CA could not be read: %w", i.Err, err), hint.Of(i.Err))
		}
		return
	}
	i.Endpoint = i.Endpoint.with(cfg)
	_ = i.inspect(ctx) // kept in i
}

// credentials are those of c's container, and after them those of the others of
// its pod that may be the one behind the port: an exporter is taken for the
// server if it declares no port of its own.
func (f *Finder) credentials(ctx context.Context, c Candidate, port int, all []Candidate) ([]Credential, error) {
	out, err := podCredentials(ctx, f.Client, c.Pod, c.Container, f.Username)
	for _, other := range all {
		if other.Pod != c.Pod || other.Container == c.Container || !slices.Contains(other.Ports, port) {
			continue
		}
		more, unread := podCredentials(ctx, f.Client, other.Pod, other.Container, f.Username)
		err = errors.Join(err, unread)
		for _, m := range more {
			if !slices.ContainsFunc(out, func(k Credential) bool { return k.Password == m.Password }) {
				out = append(out, m)
			}
		}
	}
	return out, err
}

// certain reports whether err could only come from a Redis or from the door in
// front of one.
func certain(err error) bool {
	return errors.Is(err, ErrNoPassword) || errors.Is(err, ErrWrongPassword) || errors.Is(err, ErrNeedsTLS) || code(err) != ""
}

// Named makes candidates of containers that the user named: nothing has to speak
// for them, and their pod may be terminating. With container "" the likeliest are
// taken, or all; with port 0 the likely ports. Containers that do not run are
// skipped; both results are empty if there is no such container.
func Named(pod *corev1.Pod, container string, port int) ([]Candidate, []Skipped) {
	all := podCandidates(pod)
	if container != "" || len(all) == 0 {
		all = nil
		for _, c := range servingContainers(pod) {
			if container == "" || c.Name == container {
				all = append(all, Candidate{pod, c, likelyPorts(c), "named"})
			}
		}
	}
	if port != 0 {
		for i := range all {
			all[i].Ports = []int{port}
		}
	}
	return divide(all)
}
