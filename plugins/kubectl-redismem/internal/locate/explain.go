package locate

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Nothing is the error for a search that found nothing, with what it looked at.
func (r Request) Nothing(skipped []redisconn.Skipped) error { return r.none(skipped) }

// none explains that nothing was found by what was looked at. A single suspect
// is the error itself.
func (r Request) none(skipped []redisconn.Skipped) error {
	for _, s := range skipped {
		if forbidden(s.Err) { // then nobody knows what is there
			return s.Err
		}
	}
	if r.Ref != nil && len(skipped) == 1 {
		err := fmt.Errorf("%w at %s: %s", ErrNone, r.Ref, skipped[0].Reason)
		return hint.With(err, cmp.Or(hint.Of(skipped[0].Err), "give another port with --port, or another container with -c"))
	}
	where := fmt.Sprintf("in namespace %q", r.Namespace)
	if r.Ref != nil {
		where = fmt.Sprintf("in %s", r.Ref)
	}
	var b strings.Builder
	for _, s := range skipped {
		fmt.Fprintf(&b, "\npod %s: %s", s.Pod, firstLine(s.Reason))
	}
	err := fmt.Errorf("%w %s%s", ErrNone, where, b.String())
	return hint.With(err, "choose another namespace with -n, or name the pod and port: kubectl redismem POD --port PORT")
}

// several lists what was found, each with the command that picks it.
func (r Request) several(found []*redisconn.Deployment) error {
	var b strings.Builder
	width := 0
	for _, d := range found {
		width = max(width, len(r.pick(d)))
	}
	for _, d := range found {
		fmt.Fprintf(&b, "\n%-*s  # %s", width, r.pick(d), describeAll(d))
	}
	err := fmt.Errorf("%w in namespace %q, %d of them:%s", ErrSeveral, r.Namespace, len(found), b.String())
	return hint.With(err, "run one of these commands")
}

// pick is the command for d: by its workload if it has several nodes, by its pod
// if that is all of it.
func (r Request) pick(d *redisconn.Deployment) string {
	all := append(d.Instances(), d.Locked...)
	if len(all) == 1 {
		return fmt.Sprintf("%s %s --port %d", r.Command, all[0].Pod.Name, all[0].Port)
	}
	return fmt.Sprintf("%s %s", r.Command, d.Name)
}

func describeAll(d *redisconn.Deployment) string {
	all := append(d.Instances(), d.Locked...)
	if len(d.Instances()) < 2 {
		return describe(all[0])
	}
	keys, _ := d.Keys()
	return fmt.Sprintf("%s %s, %s of %d nodes, %s keys", all[0].Server.Flavour, all[0].Server.Version, d.Mode, len(all), streams.Count(keys))
}

func describe(i *redisconn.Instance) string {
	if i.Err != nil {
		var connect *redisconn.ConnectError
		if errors.As(i.Err, &connect) {
			return firstLine(connect.Err.Error())
		}
		return firstLine(i.Err.Error())
	}
	role := i.Server.Role
	if i.Server.Mode != "" && i.Server.Mode != "standalone" {
		role += ", " + i.Server.Mode
	}
	return fmt.Sprintf("%s %s, %s, %s keys", i.Server.Flavour, i.Server.Version, role, streams.Count(i.Server.Keys()))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// forbidden reports whether the cluster denied a request.
func forbidden(err error) bool {
	return apierrors.IsForbidden(err) || podconn.Forbidden(err)
}
