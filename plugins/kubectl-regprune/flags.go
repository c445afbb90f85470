package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/inventory"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// flags mirror the command line of all verbs, in groups that a verb takes or leaves.
type flags struct {
	io     *streams.IO
	kube   *kube.Flags
	shared *pflag.FlagSet

	reach  reachFlags
	read   readFlags
	rules  ruleFlags
	use    useFlags
	limits limitFlags
	show   showFlags
}

// reachFlags say which registry, and how to get there.
type reachFlags struct {
	url, username, passwordFile string
	caFile, tlsName             string
	skipVerify                  bool
	port                        int
	container                   string

	known string // what --password-file holds, once it was read
}

// readFlags say how much of it to read, and how.
type readFlags struct {
	parallel, page  int
	noCache, noExec bool
}

// ruleFlags say what to keep.
type ruleFlags struct {
	repos, exclude       []string
	keep, regex          []string
	number, semver       []string
	last                 int
	within, minAge, sort string
	remove, removeRegex  []string
	untagged             bool
	file                 string
	asOf                 string
}

// useFlags say where images are in use, and by which names.
type useFlags struct {
	contexts, aliases, foreign, partial []string
	deep, nodeImages, none              bool
}

// limitFlags are the guards.
type limitFlags struct {
	maxDelete              string
	allowEmpty, allowNoUse bool
	overwrite              bool
}

// showFlags say how to show it.
type showFlags struct {
	output           string
	quiet, noHeaders bool
}

const defaultMaxDelete = "50%"

func newSet(name string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SortFlags = false
	return fs
}

func (r *reachFlags) set() *pflag.FlagSet {
	fs := newSet("reach")
	fs.Func("registry", "`URL` of a registry to connect to directly, such as http://localhost:5000", func(text string) error {
		if text == "" {
			return errors.New("it is empty") // an unset variable must not send anyone to a cluster
		}
		r.url = text
		return nil
	})
	fs.IntVar(&r.port, "port", 0, "port of the service or pod (default: the one that looks like a registry's)")
	fs.StringVarP(&r.container, "container", "c", "", "container that runs the registry (default: the one that looks like it)")
	fs.StringVar(&r.username, "username", "", "user of the registry (default: from pull secrets beside it, or Docker's configuration)")
	fs.StringVar(&r.passwordFile, "password-file", "", "read the password from this `FILE`, - for stdin")
	fs.StringVar(&r.caFile, "ca-file", "", "`FILE` with the CA's certificates that sign the registry's")
	fs.StringVar(&r.tlsName, "tls-name", "", "`NAME` that the registry's certificate must be valid for (default: the service's)")
	fs.BoolVar(&r.skipVerify, "tls-skip-verify", false, "do not check the registry's certificate")
	return fs
}

func (r *readFlags) set() *pflag.FlagSet {
	fs := newSet("read")
	fs.IntVar(&r.parallel, "parallel", inventory.DefaultParallel, "requests to the registry at once")
	fs.IntVar(&r.page, "page-size", 0, "names that the registry's catalog is asked for at once (default 1000)")
	fs.BoolVar(&r.noExec, "no-exec", false, "do not look at files in the registry's container; untagged manifests stay unknown")
	fs.BoolVar(&r.noCache, "no-cache", false, "do not use or write what is remembered of manifests between runs")
	return fs
}

func (r *ruleFlags) set() *pflag.FlagSet {
	fs := newSet("rules")
	fs.StringSliceVar(&r.repos, "repo", nil, "repositories to prune: names or globs, ** also across slashes (default: all)")
	fs.StringSliceVar(&r.exclude, "exclude-repo", nil, "repositories to leave alone")
	fs.StringSliceVar(&r.keep, "keep", nil, "keep tags of these names, or globs with * and ?")
	fs.StringArrayVar(&r.regex, "keep-regex", nil, "keep tags that match this regular expression as a whole; repeatable")
	fs.StringArrayVar(&r.number, "keep-number", nil, "keep numbers, and let others go: '>=950', 950..1000, or 'build-*>=950'; repeatable")
	fs.StringArrayVar(&r.semver, "keep-semver", nil, "keep versions, and let others go: '>=1.2 <2'; repeatable")
	fs.IntVar(&r.last, "keep-last", 0, "keep the newest `N` images, and let others go")
	fs.StringVar(&r.within, "keep-within", "", "keep what is younger than this `AGE`, such as 30d, and let others go")
	fs.StringSliceVar(&r.remove, "delete", nil, "let only tags of these names or globs go; keep rules still win")
	fs.StringArrayVar(&r.removeRegex, "delete-regex", nil, "let only tags go that match as a whole; repeatable")
	fs.StringVar(&r.sort, "sort", "", "what is newest: "+strings.Join(policy.Sorts, ", ")+" (default: pushed if known, else created)")
	fs.StringVar(&r.minAge, "min-age", "", "spare what is younger than this `AGE` (default 24h where an age is known)")
	fs.BoolVar(&r.untagged, "untagged", false, "let manifests go that no tag leads to and nothing needs")
	fs.StringVar(&r.file, "rules", "", "`FILE` with rules for each repository, instead of the flags above")
	fs.StringVar(&r.asOf, "as-of", "", "count ages to this `TIME` instead of now, as 2006-01-02 or RFC 3339")
	return fs
}

func (u *useFlags) set() *pflag.FlagSet {
	fs := newSet("use")
	fs.StringSliceVar(&u.contexts, "also-context", nil, "further contexts of the kubeconfig whose clusters use the registry")
	fs.StringSliceVar(&u.aliases, "alias", nil, "further names by which pods know the registry: HOST[:PORT][/PREFIX]")
	fs.StringSliceVar(&u.foreign, "foreign-host", nil, "hosts in image references that are not this registry (default: any host may be)")
	fs.BoolVar(&u.deep, "deep-scan", false, "look for images in every text of every object, such as ConfigMaps and environments")
	fs.BoolVar(&u.nodeImages, "node-images", false, "keep what nodes have cached, too")
	fs.StringSliceVar(&u.partial, "allow-partial-cluster-view", nil, "`KINDS` that may be unreadable, such as secrets: what they use is not protected")
	fs.BoolVar(&u.none, "no-cluster", false, "with --registry: ask no cluster what is in use; nothing is protected but by rules")
	return fs
}

func (l *limitFlags) set() *pflag.FlagSet {
	fs := newSet("limits")
	fs.StringVar(&l.maxDelete, "max-delete", defaultMaxDelete, "refuse to delete more tags than this: a share, or a number")
	fs.BoolVar(&l.allowEmpty, "allow-empty", false, "let a repository lose its last tag")
	fs.BoolVar(&l.allowNoUse, "allow-no-references", false, "go on although no image of the registry seems to be in use")
	fs.BoolVar(&l.overwrite, "untag-by-overwrite", false, "on servers that cannot delete a tag alone (distribution 2), push an empty image over it and delete that")
	return fs
}

func (s *showFlags) set(formats []string) *pflag.FlagSet {
	fs := newSet("show")
	fs.StringVarP(&s.output, "output", "o", formats[0], "output format: "+strings.Join(formats, ", "))
	fs.Lookup("output").Annotations = map[string][]string{valuesOf: formats}
	fs.BoolVar(&s.noHeaders, "no-headers", false, "leave out headers of tables")
	fs.BoolVarP(&s.quiet, "quiet", "q", false, "no progress and no summary on stderr")
	return fs
}

// now is the time that ages count to.
func (r *ruleFlags) now() (time.Time, error) {
	if r.asOf == "" {
		return time.Now(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, r.asOf); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usagef("--as-of %q is no time: use 2006-01-02 or 2006-01-02T15:04:05Z", r.asOf)
}
