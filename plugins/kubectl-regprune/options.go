package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

func usagef(format string, args ...any) error { return cli.Usagef(format, args...) }

// ruleNames are the flags that say what to keep.
var ruleNames = []string{
	"repo", "exclude-repo", "keep", "keep-regex", "keep-number", "keep-semver", "keep-last", "keep-within",
	"delete", "delete-regex", "sort", "min-age", "untagged", "rules", "as-of",
}

// policy makes rules of the flags, or of the file that they name.
func (r *ruleFlags) policy(set *pflag.FlagSet) (*policy.Policy, error) {
	if r.file != "" {
		for _, name := range ruleNames {
			if name == "rules" || name == "as-of" {
				continue
			}
			if set.Changed(name) {
				return nil, usagef("--rules and --%s exclude each other: a file has all rules", name)
			}
		}
		text, err := os.ReadFile(r.file)
		if err != nil {
			return nil, usagef("reading the rules: %v", err)
		}
		p, err := policy.Parse(text)
		if err != nil {
			return nil, cli.WithCode(hint.With(err, "the rules are in "+r.file), cli.ExitUsage)
		}
		return p, nil
	}
	spec := policy.Spec{
		Repositories: r.repos, Exclude: r.exclude, Keep: r.keep, KeepRegex: r.regex, KeepNumber: r.number, KeepSemver: r.semver,
		KeepWithin: r.within, Delete: r.remove, DeleteRegex: r.removeRegex, Sort: r.sort, MinAge: r.minAge, Untagged: r.untagged,
	}
	if set.Changed("keep-last") {
		spec.KeepLast = &r.last
	}
	if r.untagged && r.minAge != "" {
		spec.UntaggedMinAge = r.minAge
	}
	p, err := policy.FromFlags(spec)
	if err != nil {
		return nil, cli.WithCode(fmt.Errorf("making a policy of the flags: %w", err), cli.ExitUsage)
	}
	return p, nil
}

// limits reads --max-delete and its companions.
func (l *limitFlags) limits() (plan.Limits, error) {
	out := plan.Limits{MaxCount: -1, AllowEmpty: l.allowEmpty, AllowNoUse: l.allowNoUse}
	wrong := usagef("--max-delete %q: use a share such as 50%%, or a number of tags", l.maxDelete)
	if share, ok := strings.CutSuffix(l.maxDelete, "%"); ok {
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || !(n >= 0 && n <= 100) {
			return out, wrong
		}
		out.MaxShare = n / 100
		return out, nil
	}
	n, err := strconv.ParseInt(l.maxDelete, 10, 0)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return out, wrong
	}
	out.MaxCount = int(n)
	return out, nil
}

// check looks at flags that any verb may have.
func (f *flags) check(formats []string) error {
	switch {
	case f.read.parallel < 1 || f.read.parallel > maxParallel:
		return usagef("--parallel %d is out of range: use 1 to %d", f.read.parallel, maxParallel)
	case f.read.page < 0:
		return usagef("--page-size %d cannot be negative", f.read.page)
	case f.reach.port < 0 || f.reach.port > 65535:
		return usagef("--port %d is not a port: use 1 to 65535", f.reach.port)
	case f.reach.url != "" && (f.reach.port != 0 || f.reach.container != ""):
		return usagef("--port and -c belong to a pod and do not go with --registry")
	case f.use.none && f.reach.url == "":
		return usagef("--no-cluster goes with --registry: a registry in a cluster is used by it")
	case f.use.none && len(f.use.contexts) > 0:
		return usagef("--no-cluster and --also-context exclude each other")
	case f.show.output != "" && !slices.Contains(formats, f.show.output):
		return usagef("unknown output format %q: use one of %s", f.show.output, strings.Join(formats, ", "))
	}
	f.io.Quiet = f.io.Quiet || f.show.quiet
	return nil
}

// maxParallel requests at once; more only make a registry slower.
const maxParallel = 128

// timestamp is how times are written.
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
