package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// contextMissing finds the name in the errors, one of them untyped, about a context
// that is not there.
var contextMissing = regexp.MustCompile(`context "([^"]*)" does not exist|context was not found for specified context: (.*)`)

var errNoCluster = hint.With(errors.New("loading kubeconfig: no cluster is configured"),
	"set KUBECONFIG or give --kubeconfig FILE; 'kubectl config view' shows what is found")

// explain says what a kubeconfig that cannot be used lacks, and what to do.
func (f *Flags) explain(err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("loading kubeconfig: %w", err)
	switch {
	case clientcmd.IsEmptyConfig(err):
		return errNoCluster
	case clientcmd.IsContextNotFound(err) || contextMissing.MatchString(err.Error()):
		return hint.With(wrapped, f.contextHint(err))
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(wrapped, "set KUBECONFIG or give --kubeconfig FILE")
	}
	return wrapped
}

// contextHint suggests the context that was probably meant.
func (f *Flags) contextHint(err error) string {
	list := "'kubectl config get-contexts' lists the contexts"
	if file := *f.flags.KubeConfig; file != "" {
		list = "'kubectl config get-contexts --kubeconfig " + Quote(file) + "' lists the contexts"
	}
	raw, rawErr := f.flags.ToRawKubeConfigLoader().RawConfig()
	m := contextMissing.FindStringSubmatch(err.Error())
	if rawErr != nil || m == nil {
		return list
	}
	if near := nearest(m[1]+m[2], slices.Sorted(maps.Keys(raw.Contexts))); near != "" {
		return fmt.Sprintf("did you mean %s? %s", near, list)
	}
	return list
}

// nearest is the name that is most like what was typed, or "" if none is: one that
// holds it, or that at most a third of its letters turn into it. Ties go to the
// first in the order of words.
func nearest(typed string, names []string) string {
	best, least := "", max(1, len(typed)/3)+1
	for _, name := range names {
		d := distance(typed, name)
		if typed != "" && strings.Contains(name, typed) {
			d = min(d, 1)
		}
		if d < least || d == least && best != "" && name < best {
			best, least = name, d
		}
	}
	return best
}

// distance is how many letters to put in, leave out or change to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
