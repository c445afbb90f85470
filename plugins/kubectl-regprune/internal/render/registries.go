package render

import (
	"cmp"
	"fmt"
	"io"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// registry is a candidate, for programs. What is not known is "unknown", or absent.
type registry struct {
	Name             string             `json:"name"`
	Namespace        string             `json:"namespace"`
	Service          string             `json:"service,omitempty"`
	Port             int32              `json:"port"`
	Scheme           string             `json:"scheme"`
	Workload         string             `json:"workload"`
	Container        string             `json:"container"`
	Image            string             `json:"image"`
	Product          locate.Product     `json:"product,omitempty"`
	Version          string             `json:"version,omitempty"`
	Storage          locate.StorageKind `json:"storage"`
	RestartLosesData bool               `json:"restartLosesData"`
	Delete           locate.Answer      `json:"deleteEnabled"`
	ReadOnly         locate.Answer      `json:"readOnly"`
	Replicas         int32              `json:"replicas"`
	Ready            int                `json:"readyPods"`
	Aliases          []string           `json:"aliases"`
	Score            int                `json:"score"`
	Evidence         []string           `json:"evidence"`
	Unread           []string           `json:"unread,omitempty"`
}

type registryList struct {
	kind
	Items   []registry      `json:"items"`
	Outside *locate.Hosting `json:"outside,omitempty"` // announced, and not in the cluster
	Unread  []string        `json:"unread,omitempty"`  // what may have hidden a registry
}

// Registries lists what was found in a cluster, in one of [ResultFormats].
func Registries(w io.Writer, format string, found *locate.Found, o ResultOptions) error {
	v := registryList{kind{apiVersion, "RegistryList"}, []registry{}, found.Outside, found.Unread}
	t := &output.Table{Columns: []output.Column{{Header: "NAME"}, {Header: "PRODUCT"}, {Header: "STORAGE"}, {Header: "DELETE"},
		{Header: "READY", Right: true, Drop: 3}, {Header: "WORKLOAD", Drop: 2}, {Header: "ALSO KNOWN AS", Shrink: true}, {Header: "IMAGE", Drop: 1}}}
	for i := range found.Candidates {
		c := &found.Candidates[i]
		v.Items = append(v.Items, registry{
			Name: c.Name(), Namespace: c.Namespace, Service: c.Service, Port: c.Port, Scheme: c.Scheme, Workload: c.Workload.String(), Container: c.Container,
			Image: c.Image, Product: c.Product, Version: c.Version, Storage: c.Storage.Kind, RestartLosesData: c.Storage.RestartLosesData,
			Delete: c.Settings.Delete, ReadOnly: c.Settings.ReadOnly, Replicas: c.Replicas, Ready: c.Ready(), Aliases: append([]string{}, c.Aliases...),
			Score: c.Score, Evidence: append([]string{}, c.Evidence...), Unread: c.Unread,
		})
		t.Rows = append(t.Rows, []string{clean(c.Name()), product(c), storage(c), answer(c.Settings.Delete), fmt.Sprintf("%d/%d", c.Ready(), c.Replicas),
			clean(c.Workload.String()), join(clean(some(c.Aliases))), clean(c.Image)})
	}
	if h := found.Outside; h != nil {
		host := clean(cmp.Or(h.Host, h.HostFromContainerRuntime, h.HostFromClusterNetwork))
		t.Rows = append(t.Rows, []string{host, "outside of the cluster", notKnown, notKnown, notKnown, "-", join(clean(some(others(h, host)))), notKnown})
	}
	return result(w, format, v, func(p *page) { p.table(t, o) })
}

func others(h *locate.Hosting, host string) (names []string) {
	for _, n := range []string{h.HostFromContainerRuntime, h.HostFromClusterNetwork} {
		if n != "" && n != host {
			names = append(names, n)
		}
	}
	return names
}

func product(c *locate.Candidate) string {
	name := cmp.Or(string(c.Product), notKnown)
	if c.Version != "" {
		name += " " + c.Version
	}
	return clean(name)
}

func storage(c *locate.Candidate) string {
	text := clean(cmp.Or(string(c.Storage.Kind), notKnown))
	if c.Storage.RestartLosesData {
		text += " (lost by a restart)"
	}
	return text
}

// answer is yes, no or ?.
func answer(a locate.Answer) string {
	switch a {
	case locate.Yes, locate.No:
		return string(a)
	}
	return notKnown
}
