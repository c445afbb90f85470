package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

func (r *run) reachable(ctx context.Context) Check {
	if r.Registry == nil {
		if r.Unreached != nil {
			r.pinged = r.Unreached
			return found(Fail, "%v", r.Unreached).but(hint.Of(r.Unreached))
		}
		r.pinged = errors.New("it was not connected to")
		return found(NotChecked, "%v", r.pinged)
	}
	r.server, r.pinged = r.Registry.Ping(ctx)
	switch {
	case r.pinged == nil:
		return found(OK, "/v2/ answers %d", r.server.Status)
	case errors.Is(r.pinged, registry.ErrUnauthorized), errors.Is(r.pinged, registry.ErrDenied):
		return found(OK, "/v2/ answers, and asks for credentials")
	}
	return found(Fail, "%v", r.pinged).but(hint.Of(r.pinged))
}

func (r *run) credentials(context.Context) Check {
	switch {
	case r.pinged == nil:
		return found(OK, "it lets us in")
	case errors.Is(r.pinged, registry.ErrUnauthorized), errors.Is(r.pinged, registry.ErrDenied):
		var have []string
		for _, c := range r.Credentials {
			have = append(have, c.String())
		}
		c := found(Fail, "%v", r.pinged).but("give --username and --password-file FILE (- for stdin)")
		if len(have) > 0 {
			c.Evidence += "; the cluster's pull secrets have " + strings.Join(have, ", ")
		}
		return c
	}
	return found(NotChecked, "the registry does not answer")
}

func (r *run) product(ctx context.Context) Check {
	if c := r.Candidate; c != nil {
		if err := c.Refusal(); err != nil && c.Product != locate.PullThrough { // that has a check of its own
			return found(Fail, "%v", err).but(hint.Of(err))
		}
	}
	if r.HTTP == nil {
		return found(NotChecked, "it was not connected to")
	}
	id, err := locate.Identify(ctx, r.HTTP)
	if err != nil {
		return found(NotChecked, "%v", err)
	}
	if err := id.Check(r.Name); err != nil {
		return found(Fail, "%v (%s)", err, strings.Join(id.Evidence, ", ")).but(hint.Of(err))
	}
	if len(id.Unsure) > 0 {
		return found(Warn, "%s; these did not answer and are not excluded: %v", strings.Join(id.Evidence, ", "), id.Unsure)
	}
	return found(OK, "%s", strings.Join(id.Evidence, ", "))
}

// deletion asks with a digest that no content has.
func (r *run) deletion(ctx context.Context) Check {
	if r.Registry == nil || r.pinged != nil {
		c := found(NotChecked, "the registry was not asked")
		if r.Candidate != nil {
			c.Evidence += fmt.Sprintf("; its settings, as far as they are known, say %s", r.Candidate.Settings.Delete)
		}
		return c
	}
	repo := r.Repository
	if repo == "" {
		repo = "regprune/probe" // a question about what does not exist makes nothing
	}
	d, err := r.Registry.Deletion(ctx, repo)
	switch {
	case err != nil:
		return found(NotChecked, "%v", err)
	case d.Ability == registry.Enabled:
		status, _, _ := strings.Cut(d.Evidence, ",") // the rest is an error, and this is none
		return found(OK, "yes (tried on what does not exist: %s)", status)
	case d.Ability == registry.Denied:
		return found(Fail, "not with these credentials (%s)", d.Evidence).but("give the credentials of somebody who may delete")
	case r.readOnlyNow() == locate.Yes:
		return found(Fail, "not now, as the registry is read-only (%s)", d.Evidence).but("make it writable: see the check read-only-switch")
	}
	return found(Fail, "no (%s)", d.Evidence).but(r.enableDeletion())
}

// enableDeletion is the command that turns deletion on, with what it would cost.
func (r *run) enableDeletion() string {
	c := r.Candidate
	const variable = "REGISTRY_STORAGE_DELETE_ENABLED=true"
	switch {
	case c == nil:
		return "set storage.delete.enabled in the server's configuration, or " + variable + " in its environment"
	case c.Storage.RestartLosesData:
		return "give the registry storage that survives a restart first, as this one would lose all images; then set " + variable
	case !c.Restarts():
		return fmt.Sprintf("set %s in the environment of %s, and make its pods anew", variable, c.Workload)
	}
	fix := fmt.Sprintf("kubectl -n %s set env %s -c %s %s", c.Namespace, c.Workload, c.Container, variable)
	if c.Strategy == "OnDelete" {
		fix += ", then delete its pods"
	}
	return fix + " (and in the chart or manifest that it comes from)"
}

var versionText = regexp.MustCompile(`(?:^|\s)v?(\d+\.\d+\.\d+)`)

// version prefers what the program says of itself to what its image's tag promises.
func (r *run) version(ctx context.Context) Check {
	text, from := "", ""
	if r.config != nil && r.config.Binary != "" {
		var out bytes.Buffer
		if err := r.Exec.Run(ctx, []string{r.config.Binary, "--version"}, nil, &out); err == nil {
			if m := versionText.FindStringSubmatch(strings.TrimSpace(out.String())); m != nil {
				text, from = m[1], "as the program says"
			}
		}
	}
	if text == "" && r.Candidate != nil && r.Candidate.Version != "" {
		text, from = r.Candidate.Version, "as the image's tag says"
	}
	v, err := semver.NewVersion(text)
	if text == "" || err != nil {
		return found(NotChecked, "neither the server nor its image tells")
	}
	evidence := fmt.Sprintf("distribution %s, %s", text, from)
	switch {
	case v.Major() == 2 && v.Minor() < 8 && strings.Count(text, ".") == 2, v.Major() < 2:
		return found(Warn, "%s; what it does is not known here", evidence).but("update it to 2.8 or 3")
	case v.Major() == 2:
		return found(OK, "%s: tags go together with their image, and garbage is collected without --delete-untagged", evidence)
	case v.Major() == 3 && strings.Count(text, ".") == 2 && v.LessThan(semver.MustParse("3.1.1")):
		return found(Warn, "%s: it deletes tags even where deletion is disabled", evidence).but("update it to 3.1.1")
	case v.Major() > 3:
		return found(Warn, "%s; what it does is not known here", evidence)
	}
	return found(OK, "%s", evidence)
}

func (r *run) aliases(context.Context) Check {
	c := r.Candidate
	if c == nil {
		return found(NotChecked, "the registry is outside of the cluster").but("name the hosts that pods pull from with --alias")
	}
	evidence := fmt.Sprintf("%d names, such as %s", len(c.Aliases), strings.Join(c.Aliases[:min(3, len(c.Aliases))], ", "))
	unread := r.unread("ingresses", "httproutes", "services", "addresses")
	switch {
	case len(c.Aliases) == 0:
		return found(Warn, "no service, ingress or node port leads to it").but("name the hosts that pods pull from with --alias")
	case unread != "":
		return found(Warn, "%s; not read: %s", evidence, unread).but("name the hosts that are missing with --alias")
	}
	return found(OK, "%s", evidence)
}
