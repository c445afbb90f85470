package roots

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Cluster is where to look.
type Cluster struct {
	Context string // kubeconfig context, for people
	Config  *rest.Config
}

// Options say what to look at.
type Options struct {
	// Hosts tells which references do not matter; the rest is for [Match].
	Hosts Hosts
	// AllowPartial are kinds that may be unreadable: resources such as secrets or
	// widgets.example.com, kinds such as Secret, and, for groups whose discovery
	// fails, GROUP or GROUP/VERSION. Those that can be read are read.
	AllowPartial []string
	// Deep, if not nil, looks for texts that name one of the registry's images in
	// every string of every object. Of Secrets it keeps nothing but names of tags and
	// manifests that the registry has.
	Deep *graph.Registry
	// NodeImages counts what nodes have cached as mentioned. Kubelets tell of 50
	// images at most, unless they are configured otherwise.
	NodeImages bool
	PageSize   int // objects of an answer; 500 if 0
	Parallel   int // kinds that are read at once; 8 if 0
}

// Kind is a kind of object that was read.
type Kind struct {
	Name    string `json:"name"` // as kubectl takes it: pods, deployments.apps
	Objects int    `json:"objects"`
}

// View is which images a cluster names, or several clusters.
type View struct {
	Contexts   []string
	References []Reference // one for each image and Status, in order
	Kinds      []Kind      // in the order of their names
	// Missing are the kinds that could not be read, by the user's permission: with
	// their context before a colon if there are several.
	Missing  []string
	Requests int // HTTP requests that it took
}

// Merge joins what several clusters say.
func Merge(views ...*View) *View {
	out, all, kinds := &View{}, newCollector(""), map[string]int{}
	for _, v := range views {
		out.Contexts = append(out.Contexts, v.Contexts...)
		out.Requests += v.Requests
		all.merge(v.References)
		for _, k := range v.Kinds {
			kinds[k.Name] += k.Objects
		}
		for _, missing := range v.Missing {
			if len(views) > 1 {
				missing = strings.Join(v.Contexts, ",") + ": " + missing
			}
			out.Missing = append(out.Missing, missing)
		}
	}
	for name, objects := range kinds {
		out.Kinds = append(out.Kinds, Kind{name, objects})
	}
	slices.SortFunc(out.Kinds, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(out.Missing)
	out.References = all.references()
	return out
}
